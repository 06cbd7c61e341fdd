package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"k8s.io/klog/v2"
)

var (
	// ErrLocked says that another process appends to the log.
	ErrLocked = errors.New("ledger: another process appends to this log")
	// ErrClosed says that the log was closed.
	ErrClosed = errors.New("ledger: the log is closed")
)

// DefaultOrigin names the log of a deployment that has no public address yet.
const DefaultOrigin = "certana.local/log"

// maxStatement is the longest entry of a tlog-tiles bundle.
const maxStatement = 1<<16 - 1

// Options say how to open a log for appending. Dir, Seal and Open are needed.
type Options struct {
	// Dir is the log's folder, made when it is missing.
	Dir string
	// Origin names a new log: a schema-less URL such as "example.org/log", without
	// spaces or plus signs. A log that exists keeps the origin it began with.
	Origin string
	// Seal and Open protect the log's signing key at rest.
	Seal func(plaintext []byte) []byte
	Open func(sealed []byte) ([]byte, error)
	// BatchAge is how long an entry waits for others to be written with it.
	BatchAge time.Duration // default 50 ms
	// CheckpointInterval is the shortest time between two checkpoints, at least
	// 100 ms. An append that finds the log idle answers after about BatchAge and
	// at most this.
	CheckpointInterval time.Duration // default 250 ms
	// Logger gets warnings of the log's background work; slog.Default() when nil.
	// The first log that a process opens decides for all.
	Logger *slog.Logger
}

// Log appends to a log and reads it. One process at a time may have a folder
// open for appending; others use OpenReader. Safe for concurrent use.
type Log struct {
	*Reader
	lock     *os.File
	ctx      context.Context // of all background work
	cancel   context.CancelFunc
	appender *tessera.Appender
	shutdown func(context.Context) error
	tree     tessera.LogReader
	awaiter  *tessera.PublicationAwaiter

	mu     sync.Mutex
	closed bool
	flight map[[32]byte]*call // appends that have no answer yet
	seen   *filter            // every leaf that is, or may be, in the log
	wg     sync.WaitGroup
}

// call is one append under way, shared by all who ask for the same statement.
type call struct {
	done  chan struct{}
	index uint64
	err   error
}

// OpenLog opens the log in o.Dir for appending, making it when it is new. ctx
// governs the opening alone. The errors are ErrLocked, what Options.Open
// returns, and those of the file system.
func OpenLog(ctx context.Context, o Options) (_ *Log, err error) {
	o = o.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	bg, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			cancel()
			lock.Close()
		}
	}()
	signer, err := loadSigner(o)
	if err != nil {
		return nil, err
	}
	reader, err := OpenReader(o.Dir)
	if err != nil {
		return nil, err
	}
	quietLibrary(o.Logger)
	driver, err := posix.New(bg, posix.Config{Path: o.Dir})
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	appender, shutdown, tree, err := tessera.NewAppender(bg, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(tessera.DefaultBatchMaxSize, o.BatchAge).
		WithCheckpointInterval(o.CheckpointInterval))
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	l := &Log{
		Reader: reader, lock: lock, ctx: bg, cancel: cancel,
		appender: appender, shutdown: shutdown, tree: tree,
		awaiter: tessera.NewPublicationAwaiter(bg, tree.ReadCheckpoint, 25*time.Millisecond),
		flight:  map[[32]byte]*call{},
	}
	return l, l.fillFilter(ctx)
}

func (o Options) withDefaults() Options {
	if o.Origin == "" {
		o.Origin = DefaultOrigin
	}
	if o.BatchAge == 0 {
		o.BatchAge = 50 * time.Millisecond
	}
	if o.CheckpointInterval == 0 {
		o.CheckpointInterval = 250 * time.Millisecond
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Append puts a statement, byte for byte, into the log and returns its index
// once a published checkpoint covers it: it can then be proved to anybody, and
// survives a crash at any moment.
//
// Append is idempotent for ever: the same bytes, appended again, concurrently or
// after a crash that lost the first answer, make one leaf and give its index. A
// failed append may or may not have taken place; the caller appends again.
// Cancelling ctx stops the waiting, not the append.
func (l *Log) Append(ctx context.Context, statement []byte) (uint64, error) {
	if len(statement) == 0 || len(statement) > maxStatement {
		return 0, fmt.Errorf("ledger: a statement is 1 to %d bytes, got %d", maxStatement, len(statement))
	}
	c, err := l.start(LeafHash(statement), bytes.Clone(statement))
	if err != nil {
		return 0, err
	}
	select {
	case <-c.done:
		return c.index, c.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// start joins the append of the same leaf that is under way, or begins one.
func (l *Log) start(leaf [32]byte, statement []byte) (*call, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if c, ok := l.flight[leaf]; ok {
		return c, nil
	}
	if l.seen.full() {
		if err := l.fillFilter(l.ctx); err != nil {
			return nil, err
		}
	}
	maybe := l.seen.maybe(leaf)
	// Remembered before it is queued: should the answer be lost, the next append
	// of this leaf must look before it writes.
	l.seen.add(leaf)
	c := &call{done: make(chan struct{})}
	l.flight[leaf] = c
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		c.index, c.err = l.appendLeaf(leaf, statement, maybe)
		l.mu.Lock()
		delete(l.flight, leaf)
		l.mu.Unlock()
		close(c.done)
	}()
	return c, nil
}

func (l *Log) appendLeaf(leaf [32]byte, statement []byte, maybe bool) (uint64, error) {
	future := func() (tessera.Index, error) { return tessera.Index{}, nil }
	found := false
	if maybe {
		// Nobody else writes, and this leaf is not in flight: what the tree holds
		// now is all there is of it.
		size, err := l.tree.IntegratedSize(l.ctx)
		if err != nil {
			return 0, fmt.Errorf("ledger: %w", err)
		}
		var index uint64
		if index, found, err = l.find(l.ctx, leaf, 0, size); err != nil {
			return 0, err
		}
		future = func() (tessera.Index, error) { return tessera.Index{Index: index, IsDup: true}, nil }
	}
	if !found {
		future = l.appender.Add(l.ctx, tessera.NewEntry(statement))
	}
	i, _, err := l.awaiter.Await(l.ctx, future)
	if err != nil {
		return 0, fmt.Errorf("ledger: append: %w", err)
	}
	return i.Index, nil
}

// fillFilter reads every leaf hash of the tree: 32 bytes a leaf, in files of
// 8 KiB. The caller holds l.mu or is alone.
func (l *Log) fillFilter(ctx context.Context) error {
	size, err := l.tree.IntegratedSize(ctx)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	f := newFilter(size)
	for leaf := range l.flight {
		f.add(leaf)
	}
	err = l.eachLeaf(ctx, 0, size, func(_ uint64, h [32]byte) bool { f.add(h); return true })
	if err != nil {
		return err
	}
	l.seen = f
	return nil
}

// Close waits until every append under way is published, or ctx ends, and stops
// the background work. Appends that come later get ErrClosed.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	wasClosed := l.closed
	l.closed = true
	l.mu.Unlock()
	if wasClosed {
		return nil
	}
	idle := make(chan struct{})
	go func() { l.wg.Wait(); close(idle) }()
	var err error
	select {
	case <-idle:
		err = l.shutdown(ctx)
	case <-ctx.Done():
		err = ctx.Err()
	}
	l.cancel()
	return errors.Join(err, l.lock.Close())
}

// lockDir takes the exclusive right to append, which ends with the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return f, nil
}

var quietOnce sync.Once

// quietLibrary sends the log library's own messages, which would go to standard
// error, to logger, from warnings up. The library has one logger a process and
// does not guard it, so the first log that is opened decides.
func quietLibrary(logger *slog.Logger) {
	quietOnce.Do(func() { klog.SetSlogLogger(slog.New(warnings{logger.Handler()})) })
}

// warnings passes a handler what is a warning or worse.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

func (w warnings) WithAttrs(a []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(a)} }
func (w warnings) WithGroup(name string) slog.Handler   { return warnings{w.Handler.WithGroup(name)} }
