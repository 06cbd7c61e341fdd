package httpapi

import (
	"context"

	"github.com/certana/certana/internal/asset"
	"github.com/certana/certana/internal/httpapi/gen"
	"github.com/certana/certana/internal/quota"
)

// GetUsage tells how the quotas of the organization in force stand.
func (s *server) GetUsage(ctx context.Context, _ gen.GetUsageRequestObject) (gen.GetUsageResponseObject, error) {
	if s.Limits == nil {
		return nil, asset.Errorf(asset.NotFound, nil, "nothing is counted here")
	}
	who := callerOf(ctx)
	o, err := s.Rows.OrganizationByID(ctx, who.OrganizationID)
	if err != nil {
		return nil, err
	}
	verifications, uploads, err := s.Limits.Usage(ctx, o.ID, o.Plan)
	if err != nil {
		return nil, err
	}
	body := gen.Usage{OrganizationID: o.ID, Plan: gen.Plan(o.Plan),
		Verifications: quotaBody("day", verifications), Uploads: quotaBody("month", uploads)}
	if who.KeyID != nil {
		hour, day, err := s.Limits.KeyUsage(ctx, *who.KeyID)
		if err != nil {
			return nil, err
		}
		body.APIKey = &gen.KeyUsage{PerHour: quotaBody("hour", hour), PerDay: quotaBody("day", day)}
	}
	return gen.GetUsage200JSONResponse(body), nil
}

func quotaBody(period string, s quota.Status) gen.Quota {
	q := gen.Quota{Period: period, Used: s.Used, ResetsAt: s.Reset.UTC()}
	q.Limit, q.Remaining = limitOf(s)
	return q
}

// limitOf prints no limit as null.
func limitOf(s quota.Status) (most, remaining *int64) {
	if s.Limit == 0 {
		return nil, nil
	}
	return &s.Limit, &s.Remaining
}

// rateLimitOf tells how many requests a key has left.
func (s *server) rateLimitOf(ctx context.Context, key asset.ID) (limit gen.RateLimit, err error) {
	var hour, day quota.Status
	if s.Limits != nil {
		hour, day, err = s.Limits.KeyUsage(ctx, key)
	}
	limit.PerHour, limit.RemainingThisHour = limitOf(hour)
	limit.PerDay, limit.RemainingToday = limitOf(day)
	limit.UsedThisHour, limit.UsedToday = hour.Used, day.Used
	limit.HourResetsAt, limit.DayResetsAt = hour.Reset.UTC(), day.Reset.UTC()
	return limit, err
}
