/* Live bytes of the process and their high-water mark, seen at malloc: loaded by LD_PRELOAD. */
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static atomic_long live, peak;

static void *took(void *p) {
    if (!p) return p;
    long now = atomic_fetch_add(&live, (long)malloc_usable_size(p)) + (long)malloc_usable_size(p);
    long most = atomic_load(&peak);
    while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) {}
    return p;
}
static void gave(void *p) { if (p) atomic_fetch_sub(&live, (long)malloc_usable_size(p)); }

void *malloc(size_t n) { return took(__libc_malloc(n)); }
void *calloc(size_t n, size_t m) { return took(__libc_calloc(n, m)); }
void free(void *p) { gave(p); __libc_free(p); }
void *realloc(void *p, size_t n) {
    long before = p ? (long)malloc_usable_size(p) : 0;
    void *q = __libc_realloc(p, n);
    if (q || !n) atomic_fetch_sub(&live, before);
    return took(q);
}
void *memalign(size_t a, size_t n) { return took(__libc_memalign(a, n)); }
void *aligned_alloc(size_t a, size_t n) { return took(__libc_memalign(a, n)); }
int posix_memalign(void **p, size_t a, size_t n) {
    void *q = __libc_memalign(a, n);
    if (!q) return ENOMEM;
    *p = took(q);
    return 0;
}

long trace_begin(void) { long now = atomic_load(&live); atomic_store(&peak, now); return now; }
long trace_peak(void) { return atomic_load(&peak); }
