package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nxadm/tail"

	"hangup/event"
)

// liveTail follows the live end of one open file with nxadm/tail, which reads what feed lets through. Left alone with a file
// the library holds a line of any length in memory, and it reads on while whoever takes its lines waits for the database.
// Rotation and truncation are the manager's business, too: the library's own handling of them loses lines.
type liveTail struct {
	blocks chan block // closed when the tail ends
	tail   *tail.Tail
	in     *os.File      // into the pipe that the tail reads
	halt   chan struct{} // closed when nothing more is to be fed
	fed    chan struct{} // closed when nothing more is
	ahead  atomic.Bool   // so much lay unread that it was not fed
	done   chan struct{}
}

// canTail says whether this system can open a pipe again by its descriptor.
func canTail() bool { return runtime.GOOS == "linux" }

// startTail follows f from off, where line number lines has just ended. f stays open until stop has returned.
func startTail(f *os.File, off, lines int64) (*liveTail, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("follow %s: %w", f.Name(), err)
	}
	t, err := tail.TailFile(fmt.Sprintf("/proc/self/fd/%d", out.Fd()), tail.Config{
		Follow:        true,
		MustExist:     true,
		Pipe:          true,
		Poll:          true, // inotify has limits, and faults that end the process
		CompleteLines: true, // else half lines are given and bytes are skipped
		Logger:        tail.DiscardingLogger,
	})
	if err = errors.Join(err, out.Close()); err != nil { // the tail has opened it for itself
		_ = in.Close()
		return nil, fmt.Errorf("follow %s: %w", f.Name(), err)
	}
	lt := &liveTail{blocks: make(chan block), tail: t, in: in, halt: make(chan struct{}), fed: make(chan struct{}), done: make(chan struct{})}
	go lt.feed(f, off)
	go lt.collect(off, lines)
	return lt, nil
}

// feed lets the whole lines through that stand behind off, and those that come. It ends when the file was truncated, or when
// more than tailMargin lies unread, which may be one line.
func (lt *liveTail) feed(f *os.File, off int64) {
	defer close(lt.fed)
	defer func() { _ = lt.in.Close() }() // with which the tail ends, too
	tick := time.NewTicker(scanEvery)
	defer tick.Stop()
	var buf []byte
	for seen := off; ; {
		st, err := f.Stat()
		if err != nil || st.Size() < seen {
			return
		}
		if lt.ahead.Store(st.Size()-off > tailMargin); lt.ahead.Load() {
			return
		}
		if st.Size() > seen {
			seen = st.Size()
			buf = slices.Grow(buf[:0], int(seen-off))[:seen-off]
			n, err := f.ReadAt(buf, off)
			if err != nil && !errors.Is(err, io.EOF) {
				return
			}
			n = bytes.LastIndexByte(buf[:n], '\n') + 1
			if _, err := lt.in.Write(buf[:n]); err != nil {
				return
			}
			off += int64(n)
			if cap(buf) > readAhead {
				buf = nil
			}
		}
		select {
		case <-lt.halt:
			return
		case <-tick.C:
		}
	}
}

// collect joins the lines that are there into blocks.
func (lt *liveTail) collect(off, number int64) {
	defer close(lt.done)
	defer close(lt.blocks)
	for l := range lt.tail.Lines {
		b := block{caughtUp: true}
		for more := true; more; {
			number++
			start := off
			off += int64(len(l.Text)) + 1
			b.lines = append(b.lines, event.Line{Text: l.Text, Start: start, End: off, Number: number, Seen: l.Time})
			if len(b.lines) == tailBlock {
				break
			}
			select {
			case next, ok := <-lt.tail.Lines:
				l, more = next, ok
			default:
				more = false
			}
		}
		lt.blocks <- b
	}
}

// stop ends the tail. Blocks that were not received are dropped.
func (lt *liveTail) stop() {
	close(lt.halt)
	_ = lt.in.Close() // feed may be writing, and the tail waiting
	lt.tail.Kill(nil)
	for range lt.blocks { //nolint:revive // what is under way is dropped: it is not committed
	}
	<-lt.done
	<-lt.fed
	_ = lt.tail.Wait()
}
