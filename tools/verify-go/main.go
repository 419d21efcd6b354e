// Command verify-go checks a copy of an Intramural log, and shares no code with the program that wrote it.
//
//	verify-go [-dropped N] DIRECTORY VKEY-FILE [CHECKPOINT-FILE]
//
// It believes the public key alone (while a key is replaced, either of two). The root is recomputed from
// the entries: golang.org/x/mod before 0.40 can be made to accept a forged entry that has a forged tile
// beside it. The hash tiles are compared with what the entries give. The log has to continue the checkpoint
// that was saved elsewhere, if one is given: without it, an earlier state of the log is as good as the
// present one.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height, width = 8, 256 // https://c2sp.org/tlog-tiles, "Merkle Tree"

func main() {
	dropped := flag.Int64("dropped", 0, "records at the beginning that a record says were dropped")
	flag.Parse()
	arguments := flag.Args()
	if len(arguments) != 2 && len(arguments) != 3 || *dropped < 0 || *dropped%width != 0 {
		fmt.Fprintln(os.Stderr, "usage: verify-go [-dropped N] DIRECTORY VKEY-FILE [CHECKPOINT-FILE]")
		os.Exit(2)
	}
	tree, origin, err := verify(arguments[0], arguments[1], *dropped, arguments[2:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify-go:", err)
		os.Exit(1)
	}
	fmt.Printf("%s: %d records, root %x: whole\n", origin, tree.N, tree.Hash[:])
}

func verify(directory, vkey string, dropped int64, older ...string) (tree tlog.Tree, origin string, err error) {
	key, err := os.ReadFile(vkey)
	if err != nil {
		return tree, "", err
	}
	var verifiers []note.Verifier // While the key of a log is replaced, the file has two.
	for _, line := range strings.Fields(string(key)) {
		verifier, err := note.NewVerifier(line)
		if err != nil {
			return tree, "", err
		}
		if verifiers = append(verifiers, verifier); verifier.Name() != verifiers[0].Name() {
			return tree, "", errors.New("the keys are of two logs")
		}
	}
	if len(verifiers) == 0 {
		return tree, "", errors.New("there is no key")
	}
	origin = verifiers[0].Name()
	if tree, err = open(filepath.Join(directory, "checkpoint"), origin, verifiers); err != nil {
		return tree, "", err
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			if index >= int64(len(stored)) {
				return nil, fmt.Errorf("no hash %d", index)
			}
			found[i] = stored[index]
		}
		return found, nil
	})
	if dropped > tree.N {
		return tree, "", errors.New("more were dropped than there are")
	}
	next := int64(0)
	for next < dropped {
		kept, path, err := read(directory, tlog.Tile{H: height, L: 0, N: next / width, W: width})
		if err != nil || len(kept) != width*tlog.HashSize {
			return tree, "", fmt.Errorf("%s: not the hashes of a full tile", path)
		}
		for ; len(kept) > 0; kept, next = kept[tlog.HashSize:], next+1 {
			var record tlog.Hash
			copy(record[:], kept)
			hashes, err := tlog.StoredHashesForRecordHash(next, record, reader)
			if err != nil {
				return tree, "", err
			}
			stored = append(stored, hashes...)
		}
	}
	for next < tree.N {
		tile := tlog.Tile{H: height, L: -1, N: next / width, W: int(min(width, tree.N-next))}
		entries, path, err := read(directory, tile)
		for i := 0; i < tile.W && err == nil; i++ {
			var entry []byte
			if entry, entries, err = cut(entries); err == nil {
				var hashes []tlog.Hash
				hashes, err = tlog.StoredHashes(next, entry, reader)
				stored, next = append(stored, hashes...), next+1
			}
		}
		if err == nil && len(entries) > 0 && path == name(tile) {
			err = errors.New("bytes after the last entry")
		}
		if err != nil {
			return tree, "", fmt.Errorf("%s: %w", path, err)
		}
	}
	if root, err := tlog.TreeHash(tree.N, reader); tree.N > 0 && (err != nil || root != tree.Hash) {
		return tree, "", errors.New("the entries do not have the root that was signed")
	}
	for _, file := range older {
		before, err := open(file, origin, verifiers)
		if err != nil {
			return tree, "", err
		}
		if before.N > tree.N {
			return tree, "", fmt.Errorf("%s proves %d records, and the log has %d", file, before.N, tree.N)
		}
		if root, err := tlog.TreeHash(before.N, reader); before.N > 0 && (err != nil || root != before.Hash) {
			return tree, "", fmt.Errorf("%s is of another history", file)
		}
	}
	for _, tile := range tiles(tree.N) {
		expected, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return tree, "", err
		}
		found, path, err := read(directory, tile)
		if err != nil {
			return tree, "", fmt.Errorf("%s: %w", path, err)
		}
		if path == name(tile) && !bytes.Equal(found, expected) || !bytes.HasPrefix(found, expected) {
			return tree, "", fmt.Errorf("%s: not the hashes of the entries", path)
		}
	}
	return tree, origin, nil
}

// open reads a checkpoint that one of the keys signed.
func open(file, origin string, verifiers []note.Verifier) (tree tlog.Tree, err error) {
	signed, err := os.ReadFile(file)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	if err != nil {
		return tree, fmt.Errorf("%s: %w", file, err)
	}
	for _, signature := range append(opened.Sigs, opened.UnverifiedSigs...) {
		// The last letter has bits that mean nothing, and Go's note reads over them.
		if _, err = base64.StdEncoding.Strict().DecodeString(signature.Base64); err != nil {
			return tree, fmt.Errorf("%s: a signature is not in its canonical form", file)
		}
	}
	if tree, err = parse(opened.Text, origin); err != nil {
		return tree, fmt.Errorf("%s: %w", file, err)
	}
	return tree, nil
}

// tiles lists the hash tiles of a log of n entries.
func tiles(n int64) (all []tlog.Tile) {
	for level := 0; n > 0; level, n = level+1, n/width {
		for at := int64(0); at*width < n; at++ {
			all = append(all, tlog.Tile{H: height, L: level, N: at, W: int(min(width, n-at*width))})
		}
	}
	return all
}

// parse reads a checkpoint without extension lines (https://c2sp.org/tlog-checkpoint).
func parse(text, origin string) (tree tlog.Tree, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		return tree, fmt.Errorf("not one of the log %s", origin)
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tree, errors.New("not a root")
	}
	copy(tree.Hash[:], root)
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || tree.N < 0 || strconv.FormatInt(tree.N, 10) != lines[1] {
		return tree, errors.New("not a size")
	}
	return tree, nil
}

// cut takes the first entry from a bundle: two bytes of length, then the entry.
func cut(bundle []byte) (entry, rest []byte, err error) {
	if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
		return nil, nil, errors.New("the bundle ends too early")
	}
	end := 2 + int(binary.BigEndian.Uint16(bundle))
	return bundle[2:end], bundle[end:], nil
}

// read returns a tile, or the full one that it begins when the partial one was removed, and its path.
func read(directory string, tile tlog.Tile) ([]byte, string, error) {
	content, err := os.ReadFile(filepath.Join(directory, name(tile)))
	if tile.W == width || !errors.Is(err, fs.ErrNotExist) {
		return content, name(tile), err
	}
	tile.W = width
	content, err = os.ReadFile(filepath.Join(directory, name(tile)))
	return content, name(tile), err
}

// name is the path of a tile in C2SP's layout, which leaves out the height and calls the data entries.
func name(tile tlog.Tile) string {
	path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return strings.Replace(path, "tile/data/", "tile/entries/", 1)
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
