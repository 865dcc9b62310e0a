package parser

// zoneNames are offsets in seconds of time zones by the abbreviations that strftime's %Z and PostgreSQL print. Those
// that mean more than one offset (IST, CST of China and of America, BST, AST) are read as PostgreSQL's default set does
// (timezonesets/Default), or left out when that has none. Sources: IANA's tz database, PostgreSQL's timezonesets.
var zoneNames = map[string]int64{
	"UTC": 0, "GMT": 0, "Z": 0, "UCT": 0, "WET": 0, "WEST": 3600, "BST": 3600, "CET": 3600, "CEST": 7200, "MET": 3600, "MEST": 7200,
	"EET": 7200, "EEST": 10800, "SAST": 7200, "MSK": 10800, "EAT": 10800, "PKT": 18000, "HKT": 28800, "SGT": 28800, "AWST": 28800,
	"JST": 32400, "KST": 32400, "AEST": 36000, "AEDT": 39600, "ACST": 34200, "ACDT": 37800, "NZST": 43200, "NZDT": 46800,
	"NST": -12600, "NDT": -9000, "AST": -14400, "ADT": -10800, "EST": -18000, "EDT": -14400, "CST": -21600, "CDT": -18000,
	"MST": -25200, "MDT": -21600, "PST": -28800, "PDT": -25200, "AKST": -32400, "AKDT": -28800, "HST": -36000, "BRT": -10800,
}

// zoneNameOffset reads "CEST", "+03", "-0330" or "+05:30" as seconds east of UTC.
func zoneNameOffset(s string) (int64, bool) {
	if n, ok := zoneNames[s]; ok {
		return n, true
	}
	if len(s) == 3 && (s[0] == '+' || s[0] == '-') {
		h, ok := two(s, 1)
		return signed(s[0], h, 0, ok)
	}
	if s == "" || s == "Z" || s == "z" {
		return 0, false
	}
	return zoneOffset(s)
}
