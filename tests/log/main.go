// Verifies the evidence log with code that is not ours: golang.org/x/mod/sumdb/note and tlog, which Go's own
// checksum database uses. Reads heads and tiles over HTTP, checks the signature, every leaf, inclusion and consistency;
// then a document's receipt.
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type reader struct{ base string }

func (r reader) Height() int { return height }
func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// tlog-tiles leaves the height out of the path: tile/8/0/000 is tile/0/000.
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		data, err := get(r.base + "/" + path)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func get(url string) ([]byte, error) {
	answer, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", url, answer.Status)
	}
	return body, err
}

var failed bool

func ok(err error, name string) {
	if err == nil {
		fmt.Println("ok", name)
		return
	}
	failed = true
	fmt.Println("not ok", name, "#", err)
}

type receipt struct {
	Record, Salt, Checkpoint string
	Index                    int64
	Proof                    []string
}

func head(text, key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 3 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("not a head: %q", opened.Text)
	}
	var tree tlog.Tree
	if _, err := fmt.Sscan(lines[1], &tree.N); err != nil {
		return tree, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	copy(tree.Hash[:], root)
	return tree, err
}

func included(r receipt, key string) error {
	tree, err := head(r.Checkpoint, key)
	if err != nil {
		return err
	}
	salt, err := hex.DecodeString(r.Salt)
	if err != nil {
		return err
	}
	entry := sha256.Sum256([]byte("letsema/act/v1\x00" + string(salt) + r.Record))
	var proof tlog.RecordProof
	for _, line := range r.Proof {
		bytes, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return err
		}
		var hash tlog.Hash
		copy(hash[:], bytes)
		proof = append(proof, hash)
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, r.Index, tlog.RecordHash(entry[:]))
}

func main() {
	base, key := os.Args[1], os.Args[2]
	text, err := get(base + "/checkpoint")
	ok(err, "the head is there")
	tree, err := head(string(text), key)
	ok(err, fmt.Sprintf("golang.org/x/mod/sumdb/note opens the head of %d leaves", tree.N))
	hashes := tlog.TileHashReader(tree, reader{base})

	// Every leaf from its entry, so that tiles and entries say the same; the reader checks each tile against the head.
	err = nil
	for n := int64(0); n < tree.N && err == nil; n += 256 {
		width := tree.N - n
		path := fmt.Sprintf("%03d", n/256)
		if width < 256 {
			path += fmt.Sprintf(".p/%d", width)
		} else {
			width = 256
		}
		var bundle []byte
		if bundle, err = get(base + "/tile/entries/" + path); err != nil {
			break
		}
		if int64(len(bundle)) != width*34 {
			err = fmt.Errorf("the bundle %s has %d bytes", path, len(bundle))
			break
		}
		for i := int64(0); i < width && err == nil; i++ {
			entry := bundle[i*34 : i*34+34]
			want := tlog.RecordHash(entry[2:])
			var got []tlog.Hash
			got, err = hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n+i)})
			if err == nil && got[0] != want {
				err = fmt.Errorf("leaf %d is not its entry's", n+i)
			}
		}
	}
	ok(err, "every leaf is its entry's, and every tile the head's")

	for _, n := range []int64{0, tree.N / 2, tree.N - 1} {
		proof, err := tlog.ProveRecord(tree.N, n, hashes)
		if err == nil {
			leaf, _ := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaf[0])
		}
		ok(err, fmt.Sprintf("leaf %d is included", n))
	}
	for _, n := range []int64{1, tree.N / 3, tree.N - 1} {
		if n < 1 {
			continue
		}
		old, err := tlog.TreeHash(n, hashes)
		if err == nil {
			var proof tlog.TreeProof
			if proof, err = tlog.ProveTree(tree.N, n, hashes); err == nil {
				err = tlog.CheckTree(proof, tree.N, tree.Hash, n, old)
			}
		}
		ok(err, fmt.Sprintf("the tree of %d leaves grew into this one", n))
	}
	for _, file := range os.Args[3:] {
		bytes, err := os.ReadFile(file)
		var document struct{ Evidence receipt }
		if err == nil {
			err = json.Unmarshal(bytes, &document)
		}
		if err == nil {
			err = included(document.Evidence, key)
		}
		ok(err, "a document's receipt holds: its act is in the log")
		document.Evidence.Record += " "
		if included(document.Evidence, key) == nil {
			ok(fmt.Errorf("accepted"), "a changed record is refused")
		} else {
			ok(nil, "a changed record is refused")
		}
	}
	if failed {
		os.Exit(1)
	}
}
