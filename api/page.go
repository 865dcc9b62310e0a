package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const indexFile = "index.html"

// page serves the files of the page. Its paths are the page's own: whatever a browser asks for that is not a file and
// not the interface's is answered with index.html, which knows what to show.
type page struct {
	files fs.FS
	index []byte // nil without a page
	tag   string
}

func newPage(files fs.FS) (page, error) {
	p := page{files: files}
	if files == nil {
		return p, nil
	}
	var err error
	if p.index, err = fs.ReadFile(files, indexFile); err != nil {
		return p, fmt.Errorf("read the page: %w", err)
	}
	sum := sha256.Sum256(p.index)
	p.tag = `"` + hex.EncodeToString(sum[:8]) + `"`
	return p, nil
}

// fileTypes are the media types of the page's files. The machine's own table is not asked: it may say anything.
var fileTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2", ".json": "application/json",
	".map": "application/json", ".txt": "text/plain; charset=utf-8", ".webmanifest": "application/manifest+json",
}

func (p page) serve(c echo.Context) error {
	name := strings.TrimPrefix(path.Clean("/"+c.Request().URL.Path), "/")
	if p.files == nil || name == "api" || strings.HasPrefix(name, "api/") {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	if name != "" && name != indexFile {
		b, err := fs.ReadFile(p.files, name)
		switch {
		case err == nil:
			h.Set(echo.HeaderCacheControl, "no-cache")
			if strings.HasPrefix(name, "assets/") { // their names change with their content
				h.Set(echo.HeaderCacheControl, "public, max-age=31536000, immutable")
			}
			return p.content(c, name, b)
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) && !isDir(p.files, name):
			return fmt.Errorf("read %s of the page: %w", name, err)
		case path.Ext(name) != "" || !strings.Contains(c.Request().Header.Get(echo.HeaderAccept), "text/html"):
			return echo.ErrNotFound
		}
	}
	h.Set(echo.HeaderCacheControl, "no-cache")
	h.Set("ETag", p.tag)
	return p.content(c, indexFile, p.index)
}

func (p page) content(c echo.Context, name string, b []byte) error {
	kind, ok := fileTypes[path.Ext(name)]
	if !ok {
		kind = echo.MIMEOctetStream
	}
	c.Response().Header().Set(echo.HeaderContentType, kind)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(b))
	return nil
}

func isDir(files fs.FS, name string) bool {
	info, err := fs.Stat(files, name)
	return err == nil && info.IsDir()
}
