package httpapi

import (
	"context"
	"strings"
	"time"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/db"
	"github.com/certana/certana/internal/httpapi/gen"
)

// VerificationHistory lists the organization's verifications, newest first.
func (s *server) VerificationHistory(ctx context.Context, r gen.VerificationHistoryRequestObject) (gen.VerificationHistoryResponseObject, error) {
	who := callerOf(ctx)
	p := page(r.Params.Page, r.Params.PageSize)
	filter := db.HistoryFilter{OrganizationID: who.OrganizationID, Page: p, Verdict: asset.Verdict(orElse(r.Params.Verdict, ""))}
	var err error
	if filter.Start, err = moment(r.Params.StartDate, "start_date", 0); err != nil {
		return nil, err
	}
	if filter.End, err = moment(r.Params.EndDate, "end_date", 24*time.Hour-time.Microsecond); err != nil {
		return nil, err
	}
	found, total, err := s.Rows.VerificationHistory(ctx, filter)
	if err != nil {
		return nil, err
	}
	matched, err := s.matched(ctx, found, who.OrganizationID)
	if err != nil {
		return nil, err
	}
	items := each(found, func(v db.Verification) gen.VerificationRecord {
		rec := gen.VerificationRecord{ID: v.ID, VerifiedAt: v.VerifiedAt.UTC(), Verdict: gen.Verdict(v.Verdict),
			Confidence: v.Confidence, AssetID: v.AssetID}
		if v.AssetID != nil {
			rec.MatchedAsset = matched[*v.AssetID]
		}
		return rec
	})
	return gen.VerificationHistory200JSONResponse{Items: items, Total: total,
		Page: p.Number, PageSize: p.Size, Pages: pages(total, p.Size)}, nil
}

// matched describes the assets that a page of history identified: the
// organization's own ones with their title, others' by their ids, and none that
// has become private or was deleted.
func (s *server) matched(ctx context.Context, found []db.Verification, org asset.ID) (map[asset.ID]*gen.MatchedAsset, error) {
	var ids []asset.ID
	for _, v := range found {
		if v.AssetID != nil {
			ids = append(ids, *v.AssetID)
		}
	}
	assets, err := s.Rows.AssetsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := map[asset.ID]*gen.MatchedAsset{}
	for _, a := range assets {
		own := a.OrganizationID == org
		if !own && a.Visibility == asset.Private {
			continue
		}
		m := &gen.MatchedAsset{ID: a.ID, OrganizationID: a.OrganizationID}
		if own {
			created := a.CreatedAt.UTC()
			m.Title, m.MimeType, m.Width, m.Height, m.CreatedAt = orNull(a.Title), &a.MIMEType, &a.Width, &a.Height, &created
		}
		all[a.ID] = m
	}
	return all, nil
}

// layouts are the times of ISO 8601 that programs write; one without an offset
// is UTC. Seconds may have a fraction.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700", "2006-01-02T15:04"}

// moment reads a date or a time. A date means an instant of that day, in UTC:
// its first one plus into. A + that came unescaped arrives as a space.
func moment(text *string, name string, into time.Duration) (*time.Time, error) {
	if text == nil {
		return nil, nil
	}
	if t, err := time.Parse(time.DateOnly, *text); err == nil {
		t = t.Add(into)
		return &t, nil
	}
	s := *text
	if len(s) > 10 && s[10] == ' ' {
		s = s[:10] + "T" + s[11:]
	}
	s = strings.ReplaceAll(s, " ", "+")
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			t = t.UTC()
			return &t, nil
		}
	}
	return nil, asset.Invalid("must be a date (2024-01-15) or a time (2024-01-15T10:30:00Z)", "query", name)
}
