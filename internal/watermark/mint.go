package watermark

import (
	"encoding/binary"
	"errors"
)

// AssetNumberBits is the width of the number that a minted payload holds.
const AssetNumberBits = 40

// tagBits is the width of the keyed tag that tells a minted payload from any
// other 64 bits: a foreign payload opens with a chance of 2⁻²⁴.
const tagBits = 64 - AssetNumberBits

// ErrAssetNumber says that a number does not fit AssetNumberBits.
var ErrAssetNumber = errors.New("asset number is wider than 40 bits")

// Mint makes the payload of an asset number in [0, 2⁴⁰):
//
//	tag     = first 24 bits of PRF("certana/payload/1/tag", number as 8 bytes)
//	plain   = number·2²⁴ + tag
//	payload = six Feistel rounds over the halves (L, R) of plain, 32 bits each:
//	          (L, R) ← (R, L xor F(i, R)), i = 0 … 5, and payload = L·2³² + R,
//	          F = first 4 bytes of PRF("certana/payload/1/round", byte i ‖ R)
//
// with every integer big-endian. The permutation makes payloads of consecutive
// assets look unrelated; the tag lets Open refuse payloads of other keys.
func Mint(k Key, assetNumber uint64) (Payload, error) {
	if assetNumber >= 1<<AssetNumberBits {
		return 0, ErrAssetNumber
	}
	plain := assetNumber<<tagBits | mintTag(k, assetNumber)
	l, r := uint32(plain>>32), uint32(plain)
	for i := range mintRounds {
		l, r = r, l^mintRound(k, i, r)
	}
	return Payload(uint64(l)<<32 | uint64(r)), nil
}

// Open returns the asset number of a payload minted under the key; ok is false
// when the tag does not agree, which is so for all but 2⁻²⁴ of other payloads.
func Open(k Key, p Payload) (assetNumber uint64, ok bool) {
	l, r := uint32(uint64(p)>>32), uint32(p)
	for i := mintRounds - 1; i >= 0; i-- {
		l, r = r^mintRound(k, i, l), l
	}
	plain := uint64(l)<<32 | uint64(r)
	n := plain >> tagBits
	return n, plain&(1<<tagBits-1) == mintTag(k, n)
}

const mintRounds = 6

func mintTag(k Key, n uint64) uint64 {
	d := k.PRF("certana/payload/1/tag", binary.BigEndian.AppendUint64(nil, n))
	return uint64(d[0])<<16 | uint64(d[1])<<8 | uint64(d[2])
}

func mintRound(k Key, i int, half uint32) uint32 {
	d := k.PRF("certana/payload/1/round", binary.BigEndian.AppendUint32([]byte{byte(i)}, half))
	return binary.BigEndian.Uint32(d[:])
}
