//! The pages of the gallery: each part once, in the company it keeps in real services.
//!
//! **Invariant:** both languages everywhere, so that the longer one is seen too.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use edge::show::{
    Choice, Progress, Steps, Summary, Table, TaskList, Tone, banner, button_link, card, cards, columns, details, inset,
    pagination, panel, search, tag, warning_button,
};
use edge::{Answers, Page, Refusal, Session, Sheet, Visit, html};
use spine::{Actor, Assurance, Currency, Fault, Localised, Money, Personal, Secret, Via};

/// Every address, for the scales and the camera.
#[cfg(test)]
pub(crate) const ADDRESSES: [&str; 16] = [
    "/",
    "/passport",
    "/name",
    "/name-wrong",
    "/birth",
    "/choose",
    "/fields",
    "/fields-wrong",
    "/my/check",
    "/my/tasks",
    "/my/case",
    "/my/done",
    "/blocks",
    "/desk",
    "/desk/case",
    "/broken",
];

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/", get(home))
        .route("/passport", get(passport))
        .route(
            "/name",
            get(|visit: Visit| async move { name(&visit.sheet()) })
                .post(|visit: Visit| async move { name(&visit.sheet()) }),
        )
        .route("/name-wrong", get(|visit: Visit| async move { name(&wrong(&visit)) }))
        .route("/birth", get(birth))
        .route("/choose", get(choose))
        .route("/fields", get(|visit: Visit| async move { fields(&visit.sheet()) }))
        .route("/fields-wrong", get(|visit: Visit| async move { fields(&wrong(&visit)) }))
        .route("/my/check", get(check))
        .route("/my/tasks", get(tasks))
        .route("/my/case", get(case))
        .route("/my/done", get(done))
        .route("/blocks", get(blocks))
        .route("/desk", get(desk))
        .route("/desk/case", get(desk_case))
        .route("/broken", get(|| async { Refusal::from(Fault::internal("edge.internal", "tried on purpose")) }))
        .layer(from_fn(recognise))
}

/// Under `/my` a resident has signed in, under `/desk` an officer.
async fn recognise(visit: Visit, request: Request, next: Next) -> Response {
    let mut actor = Actor::person("per_1", Personal::new("Lineo Mokoena".to_owned()), Assurance::Substantial);
    let path = visit.path();
    if path.starts_with("/desk") {
        actor.kind = spine::ActorKind::Officer;
        actor.name = Personal::new("Thabo Nkuebe".to_owned());
    }
    if path.starts_with("/my") || path.starts_with("/desk") {
        visit.recognise(Session { actor, binding: Secret::new(vec![1]), via: Via::Web, acting: None });
    }
    next.run(request).await
}

/// Says it in the visitor's language.
fn say(visit: &Visit, english: &str, sesotho: &str) -> String {
    visit.local(&Localised::from([("en", english), ("st", sesotho)])).to_owned()
}

fn maloti(visit: &Visit, minor: i64) -> String {
    Currency::parse("LSL").map_or_else(|_| String::new(), |lsl| visit.money(Money::new(minor, lsl)))
}

async fn home(visit: Visit) -> Page {
    let s = |english: &str, sesotho: &str| say(&visit, english, sesotho);
    let service = |title: String, text: String| card(html! { a href="/passport" { (title) } }, html! { p { (text) } });
    visit.page(s("Services of the government", "Litšebeletso tsa ’muso")).wide().body(html! {
        p.lead { (s("What do you need today?", "U hloka eng kajeno?")) }
        (cards([
            service(s("Renew a passport", "Nchafatsa phasepoto"), s("For a passport that has expired or has less than six months left.", "Bakeng sa phasepoto e felletsoeng ke nako kapa e setseng ka tlase ho likhoeli tse tšeletseng.")),
            service(s("Renew a driver’s licence", "Nchafatsa lengolo la ho khanna"), s("Your photo and address come from the civil register.", "Foto le aterese ea hau li tsoa ngolisong ea baahi.")),
            service(s("Get a certified copy of a birth certificate", "Fumana kopi e netefalitsoeng ea lengolo la tsoalo"), s("Download it at once, or fetch it at a service point.", "E nke hang hang, kapa u e late setsing sa litšebeletso.")),
        ]))
    })
}

async fn passport(visit: Visit) -> Page {
    let s = |english: &str, sesotho: &str| say(&visit, english, sesotho);
    visit.page(s("Renew a passport", "Nchafatsa phasepoto")).back("/").body(html! {
        p.lead { (s("Use this service if you have had a Lesotho passport before.", "Sebelisa tšebeletso ena haeba u kile ua ba le phasepoto ea Lesotho.")) }
        h2 { (s("Before you start", "Pele u qala")) }
        p { (s("You will need:", "U tla hloka:")) }
        ul {
            li { (s("your ID number and PIN", "nomoro ea hau ea boitsebiso le PIN")) }
            li { (s("a phone with mobile money", "fono e nang le chelete ea mohala")) }
        }
        (inset(html! { p { (s("It costs", "E bitsa")) " " strong { (maloti(&visit, 13_000)) } ". " (s("It takes about 10 working days.", "E nka hoo e ka bang matsatsi a 10 a mosebetsi.")) } }))
        (button_link("/name", &s("Start now", "Qala hona joale")))
        (details(&s("If you cannot do this yourself", "Haeba u sa khone ho etsa sena u le mong"), html! { p { (s("Any village service point can do it with you.", "Setsi sefe kapa sefe sa litšebeletso motseng se ka u thusa.")) } }))
    })
}

fn wrong(visit: &Visit) -> Sheet {
    let s = |english: &str, sesotho: &str| say(visit, english, sesotho);
    let answers = Answers::default()
        .with("name", "")
        .with("phone", "5887")
        .with("born-day", "30")
        .with("born-month", "2")
        .with("born-year", "1991")
        .with_all("ticks", ["sms".to_owned()])
        .with("story", "<script>alert(1)</script>");
    Sheet::new(visit)
        .answers(answers)
        .fault("name", s("Enter your full name", "Kenya lebitso la hau ka botlalo"))
        .fault(
            "phone",
            s(
                "A phone number has 8 digits, like 5887 1234",
                "Nomoro ea mohala e na le linomoro tse 8, joalo ka 5887 1234",
            ),
        )
        .fault("born", visit.t("edge.date.not_real"))
        .fault("district", s("Choose a district", "Khetha setereke"))
}

fn name(sheet: &Sheet) -> Page {
    let s = |english: &str, sesotho: &str| say(sheet.visit(), english, sesotho);
    let field = sheet
        .text("name", s("What is your full name?", "Lebitso la hau ka botlalo ke mang?"))
        .hint(s("As it stands on your birth certificate", "Joalo ka ha le ngotsoe lengolong la tsoalo"))
        .autocomplete("name");
    let sheet = sheet.clone();
    sheet.ask("/name", field).back("/passport")
}

async fn birth(visit: Visit) -> Page {
    let sheet = visit.sheet();
    let field = sheet
        .day("born", say(&visit, "When were you born?", "U hlahile neng?"))
        .hint(say(&visit, "For example, 27 3 1991", "Mohlala, 27 3 1991"))
        .birthday();
    sheet.ask("/birth", field).back("/name").caption(say(&visit, "Renew a passport", "Nchafatsa phasepoto"))
}

async fn choose(visit: Visit) -> Page {
    let s = |english: &str, sesotho: &str| say(&visit, english, sesotho);
    let sheet = visit.sheet_with(Answers::default().with("where", "post"), &[]);
    let choices = vec![
        Choice::new("office", s("At a passport office", "Ofising ea liphasepoto"))
            .hint(s("Free, ready after 10 working days", "Mahala, e lokile kamora matsatsi a 10 a mosebetsi")),
        Choice::new("post", s("At a post office near me", "Posong e haufi le ’na")).hint(maloti(&visit, 2_500)),
        Choice::new("abroad", s("At a Lesotho mission abroad", "Boemeling ba Lesotho kantle ho naha")),
    ];
    let field = sheet.radios(
        "where",
        s("Where do you want to fetch your passport?", "U batla ho lata phasepoto ea hau hokae?"),
        choices,
    );
    sheet.ask("/choose", field).back("/birth")
}

fn fields(sheet: &Sheet) -> Page {
    let visit = sheet.visit();
    let s = |english: &str, sesotho: &str| say(visit, english, sesotho);
    let districts = [
        "Berea",
        "Butha-Buthe",
        "Leribe",
        "Mafeteng",
        "Maseru",
        "Mohale’s Hoek",
        "Mokhotlong",
        "Qacha’s Nek",
        "Quthing",
        "Thaba-Tseka",
    ];
    let ticks = vec![
        Choice::new("sms", s("By text message", "Ka molaetsa oa mohala")),
        Choice::new("email", s("By e-mail", "Ka lengolo-tsoibila"))
            .hint(s("Only if you have given an address", "Ha feela u fane ka aterese")),
    ];
    let form = html! {
        (sheet.text("name", s("Full name", "Lebitso ka botlalo")).autocomplete("name"))
        (sheet.phone("phone", s("Mobile number", "Nomoro ea mohala")).prefix("+266").hint(s("8 digits", "Linomoro tse 8")))
        (sheet.email("email", s("E-mail address", "Aterese ea lengolo-tsoibila")).optional())
        (sheet.number("amount", s("How much?", "Bokae?")).prefix("M").inputmode("decimal"))
        (sheet.day("born", s("Date of birth", "Letsatsi la tsoalo")).birthday())
        (sheet.select("district", s("District", "Setereke"), districts.iter().map(|name| Choice::new(*name, *name)).collect()))
        (sheet.checkboxes("ticks", s("How may we tell you?", "Re ka u tsebisa joang?"), ticks))
        (sheet.area("story", s("What happened?", "Ho etsahetse eng?")).hint(s("Do not write names of other people", "U se ke ua ngola mabitso a batho ba bang")))
        (sheet.file("photo", s("Photo", "Foto")).accept("image/*").hint(s("A JPEG or PNG of at most 2 MB", "JPEG kapa PNG e sa feteng 2 MB")))
        (sheet.secret("pin", "PIN"))
        (sheet.code("otp", s("Code from the text message", "Khoutu e molaetseng oa mohala")))
        (sheet.go_on())
        (warning_button(&s("Withdraw the application", "Hula kopo")))
    };
    visit
        .page(s("Every field", "Libaka tsohle tsa ho ngola"))
        .back("/")
        .sheet(sheet)
        .body(visit.upload_form("/fields", form))
}

async fn check(visit: Visit) -> Page {
    let s = |english: &str, sesotho: &str| say(&visit, english, sesotho);
    let from = s("from the civil register, 3 June 2026", "ho tsoa ngolisong ea baahi, 3 Phupjane 2026");
    let facts = Summary::new(&visit)
        .row(s("Full name", "Lebitso ka botlalo"), "Lineo Mokoena")
        .from(&from)
        .row(s("Date of birth", "Letsatsi la tsoalo"), visit.date(spine::Date::constant(1991, 3, 27)))
        .from(&from)
        .row(s("Village", "Motse"), "Ha Thetsane, Maseru")
        .from(&from)
        .row(s("Mobile number", "Nomoro ea mohala"), "+266 5887 1234")
        .change("/fields")
        .row(s("Fetch the passport", "Ho lata phasepoto"), s("At a post office near me", "Posong e haufi le ’na"))
        .change("/choose")
        .row(s("Fee", "Tefiso"), maloti(&visit, 13_000));
    visit
        .page(s("Check your answers", "Lekola likarabo tsa hau"))
        .caption(s("Renew a passport", "Nchafatsa phasepoto"))
        .back("/choose")
        .body(html! {
            (facts)
            h2 { (s("Send your application", "Romela kopo ea hau")) }
            p { (s("By sending it you say that, as far as you know, what you have written is true.", "Ka ho e romela u re, ho ea ka moo u tsebang kateng, tseo u li ngotseng ke ’nete.")) }
            (visit.form("/my/done", html! { button.b { (s("Accept and pay", "Lumela ’me u lefe")) } }))
        })
}

async fn tasks(visit: Visit) -> Page {
    let s = |english: &str, sesotho: &str| say(&visit, english, sesotho);
    let list = TaskList::new()
        .task(s("Who you are", "Hore na u mang"), Some("/my/check".into()), Tone::Good, s("Done", "E felile"))
        .task(
            s("Your old passport", "Phasepoto ea hau ea khale"),
            Some("/name".into()),
            Tone::Plain,
            s("Begun", "E qalile"),
        )
        .hint(s("Number and date of issue", "Nomoro le letsatsi leo e fanoeng ka lona"))
        .task(
            s("A photo of you", "Foto ea hau"),
            Some("/fields".into()),
            Tone::Waiting,
            s("Not begun", "Ha e so qaloe"),
        )
        .task(s("Pay and send", "Lefa ’me u romele"), None, Tone::Off, s("Cannot start yet", "E ke ke ea qaloa joale"));
    visit
        .page(s("Renew a passport", "Nchafatsa phasepoto"))
        .body(html! { p { (s("You have done 1 of 4 parts.", "U qetile karolo e 1 ho tse 4.")) } (list) })
}

async fn case(visit: Visit) -> Page {
    let s = |english: &str, sesotho: &str| say(&visit, english, sesotho);
    let steps = Steps::new()
        .step(Progress::Done, s("Sent", "E rometsoe"), visit.moment(visit.now()))
        .step(Progress::Done, s("Paid", "E lefuoe"), format!("{}, M-Pesa", maloti(&visit, 13_000)))
        .step(
            Progress::Now,
            s("Being examined", "E ntse e hlahlojoa"),
            s(
                "By the Department of Passports, usually within 3 working days",
                "Ke Lefapha la Liphasepoto, hangata ka hare ho matsatsi a 3 a mosebetsi",
            ),
        )
        .step(Progress::Later, s("Printing", "Ho hatisoa"), "")
        .step(Progress::Later, s("Ready to fetch", "E loketse ho latoa"), "");
    visit.page(s("Your passport application", "Kopo ea hau ea phasepoto")).caption("LS-PP-2026-000123").body(html! {
        p { (tag(Tone::Waiting, &s("Waiting for you", "E emetse uena"))) }
        (banner(Tone::Plain, &s("The office asks you one thing", "Ofisi e u botsa ntho e le ’ngoe"), html! { p { a href="/name" { (s("Answer the question", "Araba potso")) } } }))
        (steps)
    })
}

async fn done(visit: Visit) -> Page {
    let s = |english: &str, sesotho: &str| say(&visit, english, sesotho);
    visit.page(s("Application sent", "Kopo e rometsoe")).own_heading().body(html! {
        (panel(&s("Application sent", "Kopo e rometsoe"), Some((&s("Your reference", "Nomoro ea hau"), "LS-PP-2026-000123"))))
        p { (s("We have sent a text message to +266 5887 1234.", "Re rometse molaetsa ho +266 5887 1234.")) }
        h2 { (s("What happens next", "Se latelang")) }
        p { (s("The Department of Passports examines your application and decides by 17 June 2026.", "Lefapha la Liphasepoto le tla hlahloba kopo ea hau ’me le etse qeto ka la 17 Phupjane 2026.")) }
        (button_link("/my/case", &s("Follow your application", "Latela kopo ea hau")))
    })
}

async fn blocks(visit: Visit) -> Page {
    let s = |english: &str, sesotho: &str| say(&visit, english, sesotho);
    visit.page(s("Blocks", "Likarolo")).body(html! {
        p {
            (tag(Tone::Plain, &s("New", "E ncha"))) " " (tag(Tone::Good, &s("Paid", "E lefuoe"))) " "
            (tag(Tone::Waiting, &s("Waiting", "E emetse"))) " " (tag(Tone::Bad, &s("Refused", "E hanoe"))) " " (tag(Tone::Off, &s("Withdrawn", "E hutsoe")))
        }
        (banner(Tone::Good, &s("Saved", "E bolokiloe"), html! { p { (s("Your number has been changed.", "Nomoro ea hau e fetotsoe.")) } }))
        (banner(Tone::Plain, &s("Offices are closed on Monday", "Liofisi li koetsoe ka Mantaha"), html! { p { (s("It is a public holiday.", "Ke letsatsi la phomolo.")) } }))
        (inset(html! { p { (s("Every look at your data is written down, and you can see it.", "Nako le nako ha motho a sheba litaba tsa hau, hoa ngoloa, ’me u ka ho bona.")) } }))
        h2 { (s("A heading", "Sehlooho")) }
        h3 { (s("A smaller heading", "Sehlooho se senyenyane")) }
        p { a href="/" { (s("A link", "Hokela")) } }
        ol { li { (s("One", "Ntlha")) } li { (s("Two", "Peli")) } }
        (visit.button_form("/blocks", &s("Do something", "Etsa ho hong")))
    })
}

async fn desk(visit: Visit) -> impl IntoResponse {
    let s = |english: &str, sesotho: &str| say(&visit, english, sesotho);
    let mut table = Table::new(s("Tasks that wait", "Mesebetsi e emetseng"))
        .column(s("Case", "Nyeoe"))
        .column(s("Service", "Tšebeletso"))
        .column(s("State", "Boemo"))
        .numbers(s("Fee", "Tefiso"))
        .numbers(s("Days left", "Matsatsi a setseng"));
    for number in 1..6_i64 {
        table = table.row([
            html! { a href="/my/case" { "LS-PP-2026-00" (number * 37) } },
            html! { (s("Renew a passport", "Nchafatsa phasepoto")) },
            if number == 2 {
                tag(Tone::Bad, &s("Overdue", "E fetiloe ke nako"))
            } else {
                tag(Tone::Waiting, &s("To examine", "E lokela ho hlahlojoa"))
            },
            html! { (maloti(&visit, 13_000 * number * number * 7)) },
            html! { (3 - number) },
        ]);
    }
    visit
        .page(s("Tasks", "Mesebetsi"))
        .wide()
        .body(html! { (search(&visit, "/desk", &s("Reference or name", "Nomoro kapa lebitso"), "Mokoena")) (table) (pagination(&visit, Some("/desk"), Some("/desk?after=x"))) })
}

async fn desk_case(visit: Visit) -> Page {
    let s = |english: &str, sesotho: &str| say(&visit, english, sesotho);
    let sheet = visit.sheet();
    let verdicts = vec![
        Choice::new("grant", s("Grant", "Lumela")),
        Choice::new("ask", s("Ask one thing back", "Botsa ntho e le ’ngoe")),
        Choice::new("refuse", s("Refuse", "Hana")),
    ];
    let evidence = Summary::new(&visit)
        .row(s("Full name", "Lebitso ka botlalo"), "Lineo Mokoena")
        .from(s("from the civil register, 3 June 2026", "ho tsoa ngolisong ea baahi, 3 Phupjane 2026"))
        .row(s("Old passport", "Phasepoto ea khale"), "RA123456")
        .markup(s("Fee", "Tefiso"), tag(Tone::Good, &s("Paid", "E lefuoe")));
    let decide = html! {
        (sheet.radios("verdict", s("Decision", "Qeto"), verdicts))
        (sheet.area("reason", s("Reason", "Lebaka")).rows(3).hint(s("The applicant reads this", "Mokopi o tla bala sena")))
        button.b { (s("Decide", "Etsa qeto")) }
    };
    visit.page("LS-PP-2026-0037").wide().back("/desk").caption(s("Renew a passport", "Nchafatsa phasepoto")).body(
        columns(
            html! { h2 { (s("Evidence", "Bopaki")) } (evidence) },
            html! { h2 { (s("Decide", "Etsa qeto")) } (visit.form("/desk/case", decide)) },
        ),
    )
}
