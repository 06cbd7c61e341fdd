package ledger

import (
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
