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

// zeroBytes has the highest bit of the lowest zero byte of x, and none below it: a zero borrows from its own highest bit,
// and may borrow from those of the bytes above it.
func zeroBytes(x uint64) uint64 { return (x - ones) &^ x & highs }

// firstByte is the place of the byte whose highest bit is the lowest one in x.
func firstByte(x uint64) int { return bits.TrailingZeros64(x) >> 3 }

// below has all bits of the first n bytes, for n from 0 to 8.
func below(n int) uint64 { return 1<<(8*n) - 1 }

// notBetween has the highest bits of the bytes of x that are below lo or above hi, for lo and hi below 0x80.
func notBetween(x uint64, lo, hi byte) uint64 {
	low := x &^ highs
	return (x | ^(low + uint64(0x80-lo)*ones) | (low + uint64(0x7f-hi)*ones)) & highs
}

// indexShort is strings.IndexByte for a byte that is near.
func indexShort(s string, c byte) int {
	n := 0
	for len(s)-n >= 8 {
		if zero := zeroBytes(load64(s[n:]) ^ ones*uint64(c)); zero != 0 {
			return n + firstByte(zero)
		}
		if n += 8; n == 32 {
			i := strings.IndexByte(s[n:], c)
			if i < 0 {
				return -1
			}
			return n + i
		}
	}
	for ; n < len(s); n++ {
		if s[n] == c {
			return n
		}
	}
	return -1
}
