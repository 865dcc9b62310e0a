package ingest_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"

	"hangup/ingest"
)

// archives are one log, compressed by the programs that log rotation calls.
var archives = map[string]string{"gzip": ".gz", "zstd": ".zst", "bzip2": ".bz2", "xz": ".xz"}

const archivedLog = "testdata/archive/access.log"

func TestStream(t *testing.T) {
	t.Parallel()
	want := contentOf(t, archivedLog)
	for name, ext := range archives {
		packed := contentOf(t, archivedLog+ext)
		for what, c := range map[string]struct {
			data []byte
			want []byte
		}{
			"whole":        {packed, want},
			"two in a row": {append(bytes.Clone(packed), packed...), append(bytes.Clone(want), want...)},
		} {
			got, s, err := readStream(t, "renamed.log", c.data)
			if err != nil || !bytes.Equal(got, c.want) {
				t.Errorf("%s, %s: %d bytes, %v; want %d", name, what, len(got), err, len(c.want))
				continue
			}
			if read, size := s.Progress(); s.Compression() != name || read != size || size != int64(len(c.data)) {
				t.Errorf("%s, %s: is %q, read %d of %d", name, what, s.Compression(), read, size)
			}
		}
		for cut := range len(packed) {
			if cut > 7 && cut < len(packed)-9 && cut%397 != 0 {
				continue
			}
			got, s, err := readStream(t, "half.log"+ext, packed[:cut])
			if s != nil && s.Compression() == "" { // too short to tell
				continue
			}
			if !errors.Is(err, ingest.ErrIncomplete) {
				t.Errorf("%s cut to %d of %d bytes: %d bytes and %v, want ErrIncomplete", name, cut, len(packed), len(got), err)
			}
		}
		packed[len(packed)/2] ^= 0x20
		if _, _, err := readStream(t, "damaged.log"+ext, packed); err == nil {
			t.Errorf("%s: damage was not found", name)
		}
	}
	if got, s, err := readStream(t, "plain.log.gz", want); err != nil || !bytes.Equal(got, want) || s.Compression() != "" {
		t.Errorf("plain: %d bytes, %v", len(got), err)
	}
}

func TestStreamRefusesBombs(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 1<<20)
	for name, pack := range map[string]func(io.Writer) (io.WriteCloser, error){
		"gzip": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) },
	} {
		var b bytes.Buffer
		w, err := pack(&b)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if _, err := w.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "bomb")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := ingest.OpenStream(path)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, s)
		if !errors.Is(err, ingest.ErrInflated) || n > 90<<20 {
			t.Errorf("%s: %d bytes of 100 MiB, %v; want ErrInflated", name, n, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestStreamBoundsDictionaries opens an xz file of 40 bytes that asks for a dictionary of 4 GiB.
func TestStreamBoundsDictionaries(t *testing.T) {
	t.Parallel()
	stream := "\xfd7zXZ\x00\x00\x01\x69\x22\xde\x36"
	block := []byte{2, 0, 0x21, 1, 40, 0, 0, 0} // one LZMA2 filter, its dictionary of the largest size
	block = binary.LittleEndian.AppendUint32(block, crc32.ChecksumIEEE(block))
	if _, _, err := readStream(t, "a.xz", append([]byte(stream), append(block, make([]byte, 16)...)...)); !errors.Is(err, xz.ErrMemlimit) {
		t.Errorf("got %v, want %v", err, xz.ErrMemlimit)
	}
}

func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readStream reads data, written to a file of that name, as a Stream.
func readStream(t *testing.T, name string, data []byte) ([]byte, *ingest.Stream, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := ingest.OpenStream(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = s.Close() }()
	b, err := io.ReadAll(s)
	return b, s, err
}
