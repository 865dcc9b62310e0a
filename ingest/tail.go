package ingest

import (
	"fmt"
	"os"
	"runtime"

	"github.com/nxadm/tail"
	"github.com/nxadm/tail/watch"

	"hangup/event"
)

func init() {
	watch.POLL_DURATION = scanEvery
}

// liveTail follows the live end of one open file with nxadm/tail. It is bound to the inode by our own descriptor, not
// to the path: rotation and truncation are the manager's business, and the library's own handling of them loses lines.
type liveTail struct {
	blocks chan block // closed when the tail ends
	tail   *tail.Tail
	done   chan struct{}
}

// canTail says whether this system can open a file again by its descriptor.
func canTail() bool { return runtime.GOOS == "linux" }

// startTail follows f from off, where line number lines has just ended. f stays open until stop has returned.
func startTail(f *os.File, off, lines int64) (*liveTail, error) {
	t, err := tail.TailFile(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), tail.Config{
		Location:      &tail.SeekInfo{Offset: off},
		Follow:        true,
		MustExist:     true,
		Poll:          true, // inotify has limits, and faults that end the process
		CompleteLines: true, // else half lines are given and bytes are skipped
		Logger:        tail.DiscardingLogger,
	})
	if err != nil {
		return nil, fmt.Errorf("follow %s: %w", f.Name(), err)
	}
	lt := &liveTail{blocks: make(chan block), tail: t, done: make(chan struct{})}
	go lt.collect(off, lines)
	return lt, nil
}

// collect joins the lines that are there into blocks. It ends at the first line that does not join on to the one
// before: the file was truncated or replaced under us.
func (lt *liveTail) collect(off, number int64) {
	defer close(lt.done)
	defer close(lt.blocks)
	for l := range lt.tail.Lines {
		b := block{caughtUp: true}
		for more := true; more; {
			if off+int64(len(l.Text))+1 != l.SeekInfo.Offset {
				lt.tail.Kill(nil)
				for range lt.tail.Lines { //nolint:revive // the tail ends only when nobody is left waiting
				}
				return
			}
			number++
			b.lines = append(b.lines, event.Line{Text: l.Text, Start: off, End: l.SeekInfo.Offset, Number: number, Seen: l.Time})
			off = l.SeekInfo.Offset
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
	lt.tail.Kill(nil)
	for range lt.blocks { //nolint:revive // what is under way is dropped: it is not committed
	}
	<-lt.done
	_ = lt.tail.Wait()
}
