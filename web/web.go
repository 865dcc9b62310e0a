// Package web holds the dashboard: the files that Vite builds from src into dist, embedded in the program. It serves
// nothing itself and knows neither the API nor HTTP.
package web

import (
	"embed"
	"io/fs"
)

// dist is what `npm run build` left; in a checkout that was never built it holds nothing but .gitkeep.
//
//go:embed all:dist
var dist embed.FS

//go:embed placeholder/index.html
var placeholder embed.FS

// Files returns the dashboard's files with index.html at the root. Files below assets/ carry a hash of their content
// in their name and never change; all others may change with the next version. When the dashboard was not built
// before the program was compiled, the only file is an index.html that says how to build it.
func Files() fs.FS {
	if built, err := fs.Sub(dist, "dist"); err == nil && hasIndex(built) {
		return built
	}
	bare, err := fs.Sub(placeholder, "placeholder")
	if err != nil {
		panic("web: the embedded placeholder has no root: " + err.Error()) // fs.Sub fails on an invalid name only
	}
	return bare
}

// Built reports whether Files is the dashboard and not the page that says how to build it.
func Built() bool {
	built, err := fs.Sub(dist, "dist")
	return err == nil && hasIndex(built)
}

func hasIndex(files fs.FS) bool {
	info, err := fs.Stat(files, "index.html")
	return err == nil && info.Mode().IsRegular()
}
