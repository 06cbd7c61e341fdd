/* A thin layer over libtiff. 8 and 16-bit grey, RGB and CMYK are read as they
   are, chunky or planar, in strips or tiles; palettes, bilevel, YCbCr and Lab
   go through libtiff's own conversion to 8-bit RGBA. Floating point and 32-bit
   samples are refused. Unreadable strips set p->damaged and stay black. */
#include "ctiff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#define MAX_ALLOC (256 << 20)
#define MAX_ERRORS 1000

typedef struct {
  const uint8_t *data;
  size_t n, at;
  ct_picture *p;
  int errors;
} state;

static tmsize_t tread(thandle_t h, void *to, tmsize_t n) {
  state *s = h;
  if (s->at >= s->n) return 0;
  if ((size_t)n > s->n - s->at) n = s->n - s->at;
  memcpy(to, s->data + s->at, n);
  s->at += n;
  return n;
}

static tmsize_t twrite(thandle_t h, void *from, tmsize_t n) { return (void)h, (void)from, (void)n, -1; }

static toff_t tseek(thandle_t h, toff_t off, int whence) {
  state *s = h;
  s->at = whence == SEEK_CUR ? s->at + off : whence == SEEK_END ? s->n + off : off;
  return s->at;
}

static int tclose(thandle_t h) { return (void)h, 0; }
static toff_t tsize(thandle_t h) { return ((state *)h)->n; }

static int tmap(thandle_t h, void **base, toff_t *n) {
  state *s = h;
  *base = (void *)s->data;
  *n = s->n;
  return 1;
}

static void tunmap(thandle_t h, void *base, toff_t n) { (void)h, (void)base, (void)n; }

static int complain(TIFF *t, void *user, const char *module, const char *format, va_list args) {
  state *s = user;
  (void)t, (void)module;
  if (!s->errors++) vsnprintf(s->p->error, sizeof s->p->error, format, args);
  return 1;
}

static int ignore(TIFF *t, void *user, const char *module, const char *format, va_list args) {
  return (void)t, (void)user, (void)module, (void)format, (void)args, 1;
}

static TIFF *open_tiff(state *s) {
  TIFFOpenOptions *o = TIFFOpenOptionsAlloc();
  if (!o) return NULL;
  TIFFOpenOptionsSetMaxSingleMemAlloc(o, MAX_ALLOC);
  TIFFOpenOptionsSetErrorHandlerExtR(o, complain, s);
  TIFFOpenOptionsSetWarningHandlerExtR(o, ignore, s);
  TIFF *t = TIFFClientOpenExt("picture", "r", s, tread, twrite, tseek, tclose, tsize, tmap, tunmap, o);
  TIFFOpenOptionsFree(o);
  return t;
}

static uint16_t field(TIFF *t, uint32_t tag) {
  uint16_t v = 0;
  TIFFGetFieldDefaulted(t, tag, &v);
  return v;
}

/* direct says whether the samples can be read as they are, and how. */
static int direct(TIFF *t, ct_picture *p) {
  int bits = field(t, TIFFTAG_BITSPERSAMPLE), n = field(t, TIFFTAG_SAMPLESPERPIXEL);
  int format = field(t, TIFFTAG_SAMPLEFORMAT), photometric = field(t, TIFFTAG_PHOTOMETRIC);
  uint16_t extras = 0, *kinds = NULL;
  if (p->compression == COMPRESSION_JPEG && photometric == PHOTOMETRIC_YCBCR) {
    TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    photometric = PHOTOMETRIC_RGB;
  }
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
      p->colours = 1;
      p->white = photometric == PHOTOMETRIC_MINISWHITE;
      break;
    case PHOTOMETRIC_RGB:
      p->colours = 3;
      break;
    case PHOTOMETRIC_SEPARATED:
      p->colours = 4;
      if (field(t, TIFFTAG_INKSET) != INKSET_CMYK) return 0;
      break;
    default:
      return 0;
  }
  if ((bits != 8 && bits != 16) || n < p->colours || n > 8 ||
      (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID))
    return 0;
  TIFFGetFieldDefaulted(t, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
  for (int i = 0; i < extras && p->colours + i < n && p->alpha < 0; i++)
    if (kinds[i] == EXTRASAMPLE_ASSOCALPHA || kinds[i] == EXTRASAMPLE_UNASSALPHA) {
      p->alpha = p->colours + i;
      p->premul = kinds[i] == EXTRASAMPLE_ASSOCALPHA;
    }
  p->bits = bits;
  p->n = n;
  return 1;
}

/* describe fills p from the first directory; 0 when nothing here reads it. */
static int describe(TIFF *t, ct_picture *p) {
  uint32_t w = 0, h = 0;
  TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &w);
  TIFFGetField(t, TIFFTAG_IMAGELENGTH, &h);
  p->w = w;
  p->h = h;
  p->alpha = -1;
  p->white = p->premul = p->rgba = 0;
  p->compression = field(t, TIFFTAG_COMPRESSION);
  if (direct(t, p)) return 1;
  char why[1024] = "";
  if (!TIFFRGBAImageOK(t, why)) {
    snprintf(p->error, sizeof p->error, "%.190s", why);
    return 0;
  }
  int photometric = field(t, TIFFTAG_PHOTOMETRIC);
  p->rgba = 1;
  p->bits = 8;
  p->n = p->colours = photometric <= PHOTOMETRIC_MINISBLACK ? 1 : 3;
  p->alpha = -1;
  p->white = p->premul = 0;
  return 1;
}

static void read_rgba(TIFF *t, ct_picture *p, uint8_t *pix) {
  uint32_t *raster = malloc((size_t)p->w * p->h * 4);
  if (!raster || !TIFFReadRGBAImageOriented(t, p->w, p->h, raster, field(t, TIFFTAG_ORIENTATION), 0)) p->damaged = 1;
  for (size_t i = 0; raster && i < (size_t)p->w * p->h; i++) {
    *pix++ = TIFFGetR(raster[i]);
    if (p->n == 1) continue;
    *pix++ = TIFFGetG(raster[i]);
    *pix++ = TIFFGetB(raster[i]);
  }
  free(raster);
}

/* spread copies count pixels of one plane (or all samples) into place. */
static void spread(ct_picture *p, uint8_t *to, const uint8_t *from, size_t count, int plane, int planes) {
  size_t size = p->bits / 8;
  if (planes == 1) {
    memcpy(to, from, count * p->n * size);
    return;
  }
  for (size_t i = 0; i < count; i++) memcpy(to + (i * p->n + plane) * size, from + i * size, size);
}

static void read_rows(TIFF *t, state *s, uint8_t *pix, uint8_t *buffer, int plane, int planes) {
  ct_picture *p = s->p;
  uint32_t rows = 0;
  TIFFGetFieldDefaulted(t, TIFFTAG_ROWSPERSTRIP, &rows);
  if (!rows || rows > (uint32_t)p->h) rows = p->h;
  for (int y = 0; y < p->h; y++) {
    if (s->errors > MAX_ERRORS) break;
    if (TIFFReadScanline(t, buffer, y, plane) < 0) {
      p->damaged = 1;
      y += rows - 1 - y % rows; /* the rest of a broken strip stays black */
      continue;
    }
    spread(p, pix + (size_t)y * p->w * p->n * (p->bits / 8), buffer, p->w, plane, planes);
  }
}

static void read_tiles(TIFF *t, state *s, uint8_t *pix, uint8_t *buffer, int plane, int planes) {
  ct_picture *p = s->p;
  uint32_t tw = 0, th = 0;
  TIFFGetField(t, TIFFTAG_TILEWIDTH, &tw);
  TIFFGetField(t, TIFFTAG_TILELENGTH, &th);
  size_t size = p->bits / 8, samples = planes == 1 ? p->n : 1;
  for (uint32_t y = 0; y < (uint32_t)p->h; y += th)
    for (uint32_t x = 0; x < (uint32_t)p->w; x += tw) {
      if (s->errors > MAX_ERRORS) return;
      if (TIFFReadTile(t, buffer, x, y, 0, plane) < 0) {
        p->damaged = 1;
        continue;
      }
      size_t cols = tw < p->w - x ? tw : p->w - x;
      for (uint32_t i = 0; i < th && y + i < (uint32_t)p->h; i++)
        spread(p, pix + ((size_t)(y + i) * p->w + x) * p->n * size, buffer + (size_t)i * tw * samples * size, cols, plane,
               planes);
    }
}

static int read_direct(TIFF *t, state *s, uint8_t *pix) {
  ct_picture *p = s->p;
  int tiled = TIFFIsTiled(t);
  int planes = field(t, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE && p->n > 1 ? p->n : 1;
  size_t size = p->bits / 8, samples = planes == 1 ? p->n : 1, need = p->w * samples * size;
  tmsize_t have = tiled ? TIFFTileSize(t) : TIFFScanlineSize(t);
  if (tiled) {
    uint32_t tw = 0, th = 0;
    TIFFGetField(t, TIFFTAG_TILEWIDTH, &tw);
    TIFFGetField(t, TIFFTAG_TILELENGTH, &th);
    need = (size_t)tw * th * samples * size;
    if (!tw || !th) need = MAX_ALLOC;
  }
  if (have <= 0 || have >= MAX_ALLOC || (size_t)have < need) {
    snprintf(p->error, sizeof p->error, "unreasonable strips or tiles");
    return 0;
  }
  uint8_t *buffer = malloc(have);
  if (!buffer) return 0;
  for (int i = 0; i < planes; i++) (tiled ? read_tiles : read_rows)(t, s, pix, buffer, i, planes);
  free(buffer);
  return 1;
}

int ct_header(const uint8_t *data, size_t n, ct_picture *p) {
  state s = {.data = data, .n = n, .p = p};
  TIFF *t = open_tiff(&s);
  if (!t) return 0;
  int ok = describe(t, p);
  TIFFClose(t);
  return ok;
}

int ct_decode(const uint8_t *data, size_t n, ct_picture *p, uint8_t *pix) {
  state s = {.data = data, .n = n, .p = p};
  int w = p->w, h = p->h, samples = p->n, bits = p->bits, ok = 0;
  TIFF *t = open_tiff(&s);
  if (!t) return 0;
  if (describe(t, p) && p->w == w && p->h == h && p->n == samples && p->bits == bits) {
    ok = 1;
    s.errors = 0; /* complaints about other tags are no damage to the picture */
    if (p->rgba)
      read_rgba(t, p, pix);
    else
      ok = read_direct(t, &s, pix);
  }
  if (s.errors) p->damaged = 1;
  TIFFClose(t);
  return ok;
}
