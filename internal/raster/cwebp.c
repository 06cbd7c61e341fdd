/* A thin layer over libwebp. Lossy pictures go through their own YCbCr planes,
   so that what is not drawn on loses nothing to colour conversion; lossless
   ones keep every bit, the colour of transparent pixels included. */
#include "cwebp.h"

#include <string.h>

#include <webp/decode.h>
#include <webp/encode.h>

/* The incremental decoder keeps the rows that a truncated file does hold. */
static int decode(const uint8_t *data, size_t n, WebPDecoderConfig *c, int *damaged) {
  c->options.use_threads = 0;
  WebPIDecoder *d = WebPIDecode(NULL, 0, c);
  if (!d) return 0;
  VP8StatusCode code = WebPIUpdate(d, data, n);
  int last = 0;
  if (c->output.colorspace == MODE_RGBA) {
    int w, h, stride;
    WebPIDecGetRGB(d, &last, &w, &h, &stride);
  } else {
    int w, h, s, uvs, as;
    uint8_t *u, *v, *a;
    WebPIDecGetYUVA(d, &last, &u, &v, &a, &w, &h, &s, &uvs, &as);
  }
  WebPIDelete(d);
  *damaged = code != VP8_STATUS_OK;
  return code == VP8_STATUS_OK || last > 0;
}

int cw_decode_rgba(const uint8_t *data, size_t n, uint8_t *rgba, int stride, size_t size, int *damaged) {
  WebPDecoderConfig c;
  if (!WebPInitDecoderConfig(&c)) return 0;
  c.output.colorspace = MODE_RGBA;
  c.output.is_external_memory = 1;
  c.output.u.RGBA.rgba = rgba;
  c.output.u.RGBA.stride = stride;
  c.output.u.RGBA.size = size;
  return decode(data, n, &c, damaged);
}

int cw_decode_yuva(const uint8_t *data, size_t n, int w, int h, uint8_t *y, uint8_t *u, uint8_t *v, uint8_t *a,
                   int *damaged) {
  WebPDecoderConfig c;
  if (!WebPInitDecoderConfig(&c)) return 0;
  int cw = (w + 1) / 2, ch = (h + 1) / 2;
  c.output.colorspace = a ? MODE_YUVA : MODE_YUV;
  c.output.is_external_memory = 1;
  c.output.u.YUVA = (WebPYUVABuffer){
      y, u, v, a, w, cw, cw, a ? w : 0, (size_t)w * h, (size_t)cw * ch, (size_t)cw * ch, a ? (size_t)w * h : 0};
  return decode(data, n, &c, damaged);
}

static int encode(WebPConfig *c, WebPPicture *p, uint8_t **out, size_t *len, int *code) {
  WebPMemoryWriter m;
  WebPMemoryWriterInit(&m);
  p->writer = WebPMemoryWrite;
  p->custom_ptr = &m;
  int ok = WebPValidateConfig(c) && WebPEncode(c, p);
  *code = p->error_code;
  WebPPictureFree(p);
  if (!ok) {
    WebPMemoryWriterClear(&m);
    return 0;
  }
  *out = m.mem;
  *len = m.size;
  return 1;
}

int cw_encode_rgba(const uint8_t *rgba, int w, int h, int lossless, float quality, uint8_t **out, size_t *len,
                   int *code) {
  WebPConfig c;
  WebPPicture p;
  if (!WebPConfigInit(&c) || !WebPPictureInit(&p)) return 0;
  c.quality = quality;
  c.method = 2;
  if (lossless && !WebPConfigLosslessPreset(&c, 1)) return 0;
  c.exact = 1;
  p.use_argb = lossless;
  p.width = w;
  p.height = h;
  if (!WebPPictureImportRGBA(&p, rgba, w * 4)) {
    *code = p.error_code;
    WebPPictureFree(&p);
    return 0;
  }
  return encode(&c, &p, out, len, code);
}

int cw_encode_yuva(uint8_t *y, uint8_t *u, uint8_t *v, uint8_t *a, int w, int h, float quality, uint8_t **out,
                   size_t *len, int *code) {
  WebPConfig c;
  WebPPicture p;
  if (!WebPConfigInit(&c) || !WebPPictureInit(&p)) return 0;
  c.quality = quality;
  c.method = 2;
  c.exact = 1;
  p.width = w;
  p.height = h;
  p.colorspace = a ? WEBP_YUV420A : WEBP_YUV420;
  p.y = y;
  p.u = u;
  p.v = v;
  p.a = a;
  p.y_stride = w;
  p.uv_stride = (w + 1) / 2;
  p.a_stride = w;
  return encode(&c, &p, out, len, code);
}

void cw_free(uint8_t *p) { WebPFree(p); }
