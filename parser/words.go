package parser

import (
	"math/bits"
	"strings"
)

// Eight bytes at a time, in one number. The lengths of a log's values cannot be foretold, and a processor that guesses a
// loop's end wrongly loses more time than it takes to look at eight bytes: short values are cut and checked without loops.

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// load64 reads the first eight bytes of s as a number, the first byte the lowest.
func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// zeroBytes has the highest bit of the lowest zero byte of x, and none below it: a zero borrows from its own highest bit,
// and may borrow from those of the bytes above it.
func zeroBytes(x uint64) uint64 { return (x - ones) &^ x & highs }

// byteMask has a bit for each zero byte of x, the first byte's the lowest.
func byteMask(x uint64) uint64 {
	return (^((x&^highs + ^uint64(highs)) | x) & highs >> 7) * 0x0102040810204080 >> 56
}

// firstByte is the place of the byte whose highest bit is the lowest one in x, 8 when there is none.
func firstByte(x uint64) int { return bits.TrailingZeros64(x) >> 3 }

// below has all bits of the first n bytes, for n from 0 to 8.
func below(n int) uint64 { return 1<<(8*n) - 1 }

// notBetween has the highest bits of the bytes of x that are below lo or above hi, for lo and hi below 0x80.
func notBetween(x uint64, lo, hi byte) uint64 {
	low := x &^ highs
	return (x | ^(low + uint64(0x80-lo)*ones) | (low + uint64(0x7f-hi)*ones)) & highs
}

// shortWord has the bytes of a text of at most eight, the first the lowest.
func shortWord(s string) uint64 {
	switch n := len(s); {
	case n == 8:
		return load64(s)
	case n >= 4: // the two halves may lie across each other
		return uint64(load32(s)) | uint64(load32(s[n-4:]))<<(8*(n-4))
	case n > 0:
		return uint64(s[0]) | uint64(s[n>>1])<<(8*(n>>1)) | uint64(s[n-1])<<(8*(n-1))
	}
	return 0
}

// indexShort is strings.IndexByte for a byte that is near: the first sixteen bytes are looked at without a branch.
func indexShort(s string, c byte) int {
	near := ones * uint64(c)
	switch n := len(s); {
	case n >= 16:
		if n = firstOf16(zeroBytes(load64(s)^near), zeroBytes(load64(s[8:])^near)); n < 16 {
			return n
		}
		if n = strings.IndexByte(s[16:], c); n >= 0 {
			return n + 16
		}
		return -1
	case n >= 8:
		a := firstByte(zeroBytes(load64(s) ^ near))
		if a < 8 {
			return a
		}
		if a = firstByte(zeroBytes(load64(s[n-8:]) ^ near)); a < 8 {
			return a + n - 8
		}
		return -1
	}
	if n := firstByte(zeroBytes(shortWord(s) ^ near)); n < len(s) {
		return n
	}
	return -1
}

// firstOf16 is the place of the first byte that is marked in two words, 16 when there is none.
func firstOf16(a, b uint64) int {
	n := firstByte(a)
	return n + firstByte(b)&-(n>>3)
}

// nth is the place of the nth byte c in s, -1 when there are fewer. It is near.
func nth(s string, c byte, n int) int {
	if len(s) >= 16 {
		all := ones * uint64(c)
		found := byteMask(load64(s)^all) | byteMask(load64(s[8:])^all)<<8
		for range n - 1 {
			found &= found - 1
		}
		if found != 0 {
			return bits.TrailingZeros64(found)
		}
	}
	at := -1
	for range n {
		i := strings.IndexByte(s[at+1:], c)
		if i < 0 {
			return -1
		}
		at += 1 + i
	}
	return at
}
