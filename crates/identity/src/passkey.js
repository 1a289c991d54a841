(()=>{const c=document.getElementById('credential'),f=c&&c.form;if(!f||!window.PublicKeyCredential)return;
const bytes=s=>Uint8Array.from(atob(s.replace(/-/g,'+').replace(/_/g,'/')),x=>x.charCodeAt(0));
const text=b=>btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g,'-').replace(/\//g,'_').replace(/=+$/,'');
const ids=l=>(l||[]).map(x=>({...x,id:bytes(x.id)}));
f.addEventListener('submit',async e=>{if(c.value)return;e.preventDefault();
try{const p=JSON.parse(c.dataset.options).publicKey;p.challenge=bytes(p.challenge);let k,r;
if(p.user){p.user.id=bytes(p.user.id);p.excludeCredentials=ids(p.excludeCredentials);
p.authenticatorSelection={...p.authenticatorSelection,residentKey:'required',requireResidentKey:true};
k=await navigator.credentials.create({publicKey:p});
r={attestationObject:text(k.response.attestationObject),clientDataJSON:text(k.response.clientDataJSON)};
}else{p.allowCredentials=ids(p.allowCredentials);k=await navigator.credentials.get({publicKey:p});const a=k.response;
r={authenticatorData:text(a.authenticatorData),clientDataJSON:text(a.clientDataJSON),signature:text(a.signature),
userHandle:a.userHandle?text(a.userHandle):null};}
c.value=JSON.stringify({id:k.id,rawId:text(k.rawId),type:k.type,response:r,extensions:{}});f.submit();
}catch(x){document.getElementById('passkey-failed').hidden=false;}});})();
