// A second opinion on our logs: Go's golang.org/x/mod/sumdb (the checksum database) and transparency-dev/merkle, neither of them ours.
//
//	go run . tiles DIR KEY      a folder of static tiles, as tenure-verify --unpack writes it
//	go run . proofs FILE        trees over "leaf 0", "leaf 1", … with roots and proofs of ours, as JSON
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}

// Tiles of a folder; Go's own have their height in the path, C2SP's are always 8 high.
type folder string

func (dir folder) Height() int { return 8 }
func (dir folder) path(tile tlog.Tile) string {
	return filepath.Join(string(dir), strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
}
func (dir folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(dir.path(tile))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}
func (dir folder) SaveTiles([]tlog.Tile, [][]byte) {}

func checkTiles(dir folder, key string) {
	verifier, err := note.NewVerifier(key)
	must(err)
	signed, err := os.ReadFile(filepath.Join(string(dir), "checkpoint"))
	must(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() {
		must(fmt.Errorf("the checkpoint is of %s", lines[0]))
	}
	var size int64
	_, err = fmt.Sscanf(lines[1], "%d", &size)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)

	// Everything is made anew of the entries: a tile reader alone would take some tiles unchecked.
	var stored memory
	for n := int64(0); n*256 < size; n++ {
		width := min(int(size-n*256), 256)
		bundle := strings.Replace(dir.path(tlog.Tile{H: 8, L: 0, N: n, W: width}), "tile/0/", "tile/entries/", 1)
		data, err := os.ReadFile(bundle)
		must(err)
		for i := 0; i < width; i++ {
			length := int(binary.BigEndian.Uint16(data))
			hashes, err := tlog.StoredHashes(n*256+int64(i), data[2:2+length], stored)
			must(err)
			stored = append(stored, hashes...)
			data = data[2+length:]
		}
		if len(data) > 0 {
			must(fmt.Errorf("%s holds more than %d entries", bundle, width))
		}
	}
	made, err := tlog.TreeHash(size, stored)
	must(err)
	if made != root {
		must(fmt.Errorf("the entries give another root"))
	}
	for level := 0; size>>(8*level) > 0; level++ {
		for n := int64(0); n<<8 < size>>(8*level); n++ {
			tile := tlog.Tile{H: 8, L: level, N: n, W: int(min(256, size>>(8*level)-n<<8))}
			expected, err := tlog.ReadTileData(tile, stored)
			must(err)
			data, err := os.ReadFile(dir.path(tile))
			must(err)
			if !bytes.Equal(data, expected) {
				must(fmt.Errorf("%s is another", dir.path(tile)))
			}
		}
	}
	read, err := tlog.TreeHash(size, tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, dir))
	must(err)
	if read != root {
		must(fmt.Errorf("the tiles give another root"))
	}
	fmt.Printf("%d entries of %s\n", size, lines[0])
}

type claims struct {
	Trees []struct {
		Size      int64
		Root      string
		Inclusion []struct {
			Index int64
			Proof []string
		}
		Consistency []struct {
			From  int64
			Root  string
			Proof []string
		}
	}
}

func decode(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	must(err)
	return data
}

func decodeAll(texts []string) (all [][]byte) {
	for _, text := range texts {
		all = append(all, decode(text))
	}
	return all
}

type memory []tlog.Hash

func (stored memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = stored[index]
	}
	return hashes, nil
}

func same(ours [][]byte, theirs []tlog.Hash) bool {
	if len(ours) != len(theirs) {
		return false
	}
	for i := range ours {
		if !bytes.Equal(ours[i], theirs[i][:]) {
			return false
		}
	}
	return true
}

func checkProofs(file string) {
	data, err := os.ReadFile(file)
	must(err)
	var given claims
	must(json.Unmarshal(data, &given))
	var largest int64
	for _, tree := range given.Trees {
		largest = max(largest, tree.Size)
	}
	var stored memory
	for n := int64(0); n < largest; n++ {
		hashes, err := tlog.StoredHashes(n, []byte(fmt.Sprintf("leaf %d", n)), stored)
		must(err)
		stored = append(stored, hashes...)
	}
	proofs := 0
	for _, tree := range given.Trees {
		root := decode(tree.Root)
		made := rfc6962.DefaultHasher.EmptyRoot()
		if tree.Size > 0 {
			hash, err := tlog.TreeHash(tree.Size, stored)
			must(err)
			made = hash[:]
		}
		if !bytes.Equal(made, root) {
			must(fmt.Errorf("size %d: another root", tree.Size))
		}
		for _, each := range tree.Inclusion {
			ours := decodeAll(each.Proof)
			theirs, err := tlog.ProveRecord(tree.Size, each.Index, stored)
			must(err)
			leaf := rfc6962.DefaultHasher.HashLeaf([]byte(fmt.Sprintf("leaf %d", each.Index)))
			must(proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(each.Index), uint64(tree.Size), leaf, ours, root))
			if !same(ours, theirs) {
				must(fmt.Errorf("size %d, entry %d: another proof", tree.Size, each.Index))
			}
			proofs++
		}
		for _, each := range tree.Consistency {
			ours := decodeAll(each.Proof)
			must(proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(each.From), uint64(tree.Size), ours, decode(each.Root), root))
			theirs, err := tlog.ProveTree(tree.Size, each.From, stored)
			must(err)
			if !same(ours, theirs) {
				must(fmt.Errorf("size %d from %d: another proof", tree.Size, each.From))
			}
			proofs++
		}
	}
	fmt.Printf("%d trees, %d proofs\n", len(given.Trees), proofs)
}

func main() {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "tiles":
		checkTiles(folder(os.Args[2]), os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "proofs":
		checkProofs(os.Args[2])
	default:
		fmt.Fprintln(os.Stderr, "usage: second-opinion tiles DIR KEY | proofs FILE")
		os.Exit(2)
	}
}
