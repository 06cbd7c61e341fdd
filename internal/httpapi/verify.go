package httpapi

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/pipeline"
	"github.com/certana/certana/internal/verify"
)

// How many files a batch may hold, and how many of them are verified at the same
// time.
const (
	maxBatch          = 100
	maxAnonymousBatch = 3
	batchWorkers      = 2
)

// VerifyImage holds one picture against the record.
func (s *server) VerifyImage(ctx context.Context, r gen.VerifyImageRequestObject) (gen.VerifyImageResponseObject, error) {
	f, err := readForm(r.Body, s.Pipeline.Spooler(), formRules{file: "file", maxFiles: 1, fields: []string{"include_tamper_map"}})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	withMap := f.boolean("include_tamper_map", false)
	if err := invalidFields(f.wrong); err != nil {
		return nil, err
	}
	if err := s.first(ctx, f.digest()); err != nil {
		return nil, err
	}
	taken, err := s.takeVerifications(ctx, 1)
	if err != nil {
		return nil, err
	}
	result, err := s.Verifier.Verify(ctx, f.files[0].Spooled, verifyOptions(ctx, withMap))
	if err != nil {
		if ours(err) {
			s.giveBack(ctx, taken, 1)
		}
		return nil, err
	}
	return gen.VerifyImage200JSONResponse(result), nil
}

func verifyOptions(ctx context.Context, withMap bool) verify.Options {
	o := verify.Options{TamperMap: withMap}
	if who := callerOf(ctx); !who.anonymous {
		o.OrgID, o.UserID = &who.OrganizationID, who.user()
	}
	return o
}

// batchResult is one verification of a batch: the same as alone, and the file's
// name.
type batchResult struct {
	Filename string `json:"filename"`
	verify.Result
}

// VerifyBatch verifies files in their order; one that cannot be verified fails
// alone.
func (s *server) VerifyBatch(ctx context.Context, r gen.VerifyBatchRequestObject) (gen.VerifyBatchResponseObject, error) {
	rules := formRules{file: "files", maxFiles: maxBatch, fields: []string{"include_tamper_map"}, alone: true}
	if callerOf(ctx).anonymous {
		rules.maxFiles = maxAnonymousBatch
	}
	start := time.Now()
	f, err := readForm(r.Body, s.Pipeline.Spooler(), rules)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	withMap := f.boolean("include_tamper_map", false)
	if err := invalidFields(f.wrong); err != nil {
		return nil, err
	}
	if err := s.first(ctx, f.digest()); err != nil {
		return nil, err
	}
	taken, err := s.takeVerifications(ctx, len(f.files))
	if err != nil {
		return nil, err
	}
	answer := gen.VerificationBatch{Results: make([]any, len(f.files)), Total: len(f.files)}
	var tally sync.Mutex
	var unserved int64
	var workers errgroup.Group
	workers.SetLimit(batchWorkers)
	for i, file := range f.files {
		workers.Go(func() error {
			one, err := s.verifyOne(ctx, file, withMap)
			tally.Lock()
			defer tally.Unlock()
			answer.Results[i] = one
			if err == nil {
				answer.Successful++
			} else {
				answer.Failed++
			}
			if ours(err) {
				unserved++
			}
			return nil
		})
	}
	_ = workers.Wait()
	s.giveBack(ctx, taken, unserved)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answer.ProcessingTimeMs = time.Since(start).Milliseconds()
	return gen.VerifyBatch200JSONResponse(answer), nil
}

// verifyOne is one file's place in the batch's answer. The file is gone from
// disk afterwards.
func (s *server) verifyOne(ctx context.Context, file formFile, withMap bool) (any, error) {
	err := file.err
	if err == nil {
		defer func(f *pipeline.Spooled) { _ = f.Close() }(file.Spooled)
		if err = ctx.Err(); err == nil {
			var result verify.Result
			if result, err = s.Verifier.Verify(ctx, file.Spooled, verifyOptions(ctx, withMap)); err == nil {
				return batchResult{Filename: file.name, Result: result}, nil
			}
		}
	}
	e := asset.AsError(err)
	if statusOf[e.Code] >= 500 && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "a file of a batch failed", "request_id", exchangeOf(ctx).id, "error_code", string(e.Code), "cause", e.Cause)
	}
	return gen.BatchFailure{Filename: file.name, Error: e.Detail, ErrorCode: gen.ErrorCode(e.Code)}, err
}
