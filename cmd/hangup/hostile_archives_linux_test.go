package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// bombs puts archives beside a log, as rotation does, which decompress to far more than a log does, and returns their
// names. The second one makes its reader hold as much of what came out as any may.
func (h *hostile) bombs(log string) (names []string) {
	const piece = 64 << 20
	var gz, zst bytes.Buffer
	z := gzip.NewWriter(&gz)
	d, err := zstd.NewWriter(&zst, zstd.WithWindowSize(128<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		h.t.Fatal(err)
	}
	_, _ = io.CopyN(z, same(0), piece)
	_, _ = io.CopyN(d, same(0), h.sizes.bomb)
	if err := z.Close(); err != nil {
		h.t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		h.t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		log + ".1.gz":  bytes.Repeat(gz.Bytes(), int(h.sizes.bomb/piece)),
		log + ".2.zst": zst.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(h.dir, name), b, 0o644); err != nil {
			h.t.Fatal(err)
		}
		h.t.Logf("%s: %d bytes, which become %d", name, len(b), h.sizes.bomb)
		names = append(names, name)
	}
	return names
}

// wide puts an archive beside a log that makes its reader hold as much of what came out as any may, and is a log by its
// ratio: about 100.
func (h *hostile) wide(name string, seed byte) written {
	text := make([]byte, 3<<19)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(text)
	text = base64.StdEncoding.AppendEncode(nil, text)
	for i := 199; i < len(text); i += 200 {
		text[i] = '\n'
	}
	file, err := os.OpenFile(filepath.Join(h.dir, name), os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		h.t.Fatal(err)
	}
	z, err := zstd.NewWriter(file, zstd.WithWindowSize(128<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		h.t.Fatal(err)
	}
	n := int64(0)
	for n < h.sizes.wide {
		k, err := z.Write(text)
		n += int64(k)
		if err != nil {
			h.t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), file.Close()); err != nil {
		h.t.Fatal(err)
	}
	h.t.Logf("%s: %d bytes, which become %d", name, h.write(name, func(*bufio.Writer) {}), n)
	return written{n, -1, -1}
}
