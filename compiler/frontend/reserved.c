/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of C and POSIX libraries: a step of such a name would take the library's place in the whole program. */
#include "compiler/frontend/signature.h"

#include <string.h>

/* Words between spaces. The first list also with the suffixes of real types, the second with f and l and the prefix c. */
static const char real_functions[] =
    " acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh drem erf erfc exp exp10 exp2 expm1 fabs fdim finite"
    " floor fma fmax fmaximum fmin fminimum fmod frexp gamma hypot ilogb isinf isnan j0 j1 jn ldexp lgamma llogb llrint llround"
    " log log10 log1p log2 logb lrint lround modf nan nearbyint nextafter nextdown nexttoward nextup pow pow10 remainder remquo"
    " rint round roundeven scalb scalbln scalbn significand sin sincos sinh sqrt tan tanh tgamma trunc y0 y1 yn ";
static const char complex_functions[] =
    " abs acos acosh arg asin asinh atan atanh cos cosh exp imag log log10 onj pow proj real sin sinh sqrt tan tanh ";
static const char other_functions[] =
    " abort abs accept access aligned_alloc alarm alloca asctime asctime_r asprintf at_quick_exit atexit atof atoi atol atoll"
    " basename bcmp bcopy bind bindtextdomain brk bsearch btowc bzero call_once calloc chdir chmod chown clearerr clock close"
    " closedir cnd_broadcast cnd_destroy cnd_init cnd_signal cnd_timedwait cnd_wait connect creat ctime ctime_r dcgettext"
    " dgettext difftime dirname div dlclose dlerror dlopen dlsym dprintf dup dup2 environ err errx execl execle execlp execv"
    " execve execvp exit explicit_bzero fclose fcntl fdopen feclearexcept fegetenv fegetexceptflag fegetround feholdexcept feof"
    " feraiseexcept ferror fesetenv fesetexceptflag fesetround fetestexcept feupdateenv fflush ffs ffsl ffsll fgetc fgetpos fgets"
    " fgetwc fgetws fileno flock fmemopen fopen fork fprintf fputc fputc_unlocked fputs fputs_unlocked fputwc fputws fread free"
    " freopen fscanf fseek fseeko fsetpos fstat fsync ftell ftello ftruncate ftw fwide fwprintf fwrite fwrite_unlocked fwscanf"
    " getc getchar getcwd getdelim getenv getline getopt getpid getppid gets gettext gettimeofday getuid getwc getwchar gmtime"
    " gmtime_r imaxabs imaxdiv index inet_addr ioctl isalnum isalpha isascii isatty isblank iscntrl isdigit isgraph islower"
    " isprint ispunct isspace isupper iswalnum iswalpha iswblank iswcntrl iswctype iswdigit iswgraph iswlower iswprint iswpunct"
    " iswspace iswupper iswxdigit isxdigit kill labs ldiv lfind link listen llabs lldiv localeconv localtime localtime_r"
    " longjmp lsearch lseek malloc mblen mbrlen mbrtowc mbsinit mbsrtowcs mbstowcs mbtowc memalign memccpy memchr memcmp memcpy"
    " memmem memmove mempcpy memrchr memset mkdir mkstemp mktime mmap mprotect mq_open mtx_destroy mtx_init mtx_lock"
    " mtx_timedlock mtx_trylock mtx_unlock munmap nanosleep nice open openat opendir optarg opterr optind optopt pause perror"
    " pipe poll popen posix_memalign pread printf psignal pthread_attr_init pthread_barrier_init pthread_cond_init"
    " pthread_mutex_init pthread_rwlock_init pthread_spin_init putc putc_unlocked putchar putchar_unlocked putenv puts putwc"
    " putwchar pwrite qsort quick_exit raise rand random read readdir readlink readv realloc reallocarray recv recvfrom regcomp"
    " regexec remove rename rewind rindex rmdir sbrk scanf sched_yield select sem_init sem_post sem_wait send sendto setbuf"
    " setenv setjmp setlocale setsockopt setvbuf shutdown sigaction signal signgam sleep snprintf socket sprintf srand srandom"
    " sscanf stat stderr stdin stdout stpcpy stpncpy strcasecmp strcat strchr strcmp strcoll strcpy strcspn strdup strerror"
    " strfmon strfromd strfromf strfroml strftime strlen strncasecmp strncat strncmp strncpy strndup strnlen strpbrk strptime"
    " strrchr strsep strspn strstr strtod strtof strtoimax strtok strtok_r strtol strtold strtoll strtoul strtoull strtoumax"
    " strxfrm swprintf swscanf symlink sync syscall sysconf system tempnam textdomain thrd_create thrd_current thrd_detach"
    " thrd_equal thrd_exit thrd_join thrd_sleep thrd_yield time timegm times timespec_get timezone tmpfile tmpnam toascii tolower"
    " toupper towctrans towlower towupper truncate tss_create tss_delete tss_get tss_set tzname tzset umask uname ungetc ungetwc"
    " unlink unsetenv usleep vasprintf vdprintf vfork vfprintf vfscanf vfwprintf vfwscanf vprintf vscanf vsnprintf vsprintf"
    " vsscanf vswprintf vswscanf vwprintf vwscanf wait waitpid wcrtomb wcscat wcschr wcscmp wcscoll wcscpy wcscspn wcsftime"
    " wcslen wcsncat wcsncmp wcsncpy wcspbrk wcsrchr wcsrtombs wcsspn wcsstr wcstod wcstof wcstoimax wcstok wcstol wcstold"
    " wcstoll wcstombs wcstoul wcstoull wcstoumax wcsxfrm wctob wctomb wctrans wctype wmemchr wmemcmp wmemcpy wmemmove wmemset"
    " wprintf write writev wscanf ";

static bool is_listed(const char *list, const char *word, size_t size)
{
    if (memchr(word, ' ', size))
        return false;
    for (const char *at = list + 1; *at && size > 0; at = strchr(at, ' ') + 1)
        if (strncmp(at, word, size) == 0 && at[size] == ' ')
            return true;
    return false;
}

static bool is_listed_with_suffix(const char *list, const char *name, const char *const *suffixes)
{
    size_t size = strlen(name);
    for (; *suffixes; suffixes++) {
        size_t tail = strlen(*suffixes);
        if (size > tail && strcmp(name + size - tail, *suffixes) == 0 && is_listed(list, name, size - tail))
            return true;
    }
    return false;
}

bool signature_is_library_name(const char *name)
{
    static const char *const real[] = {"", "f", "l", "f16", "f32", "f64", "f128", "f32x", "f64x", "_r", "f_r", "l_r", NULL};
    static const char *const wide[] = {"", "f", "l", NULL};
    size_t size = strlen(name);
    if (size > 2 && strcmp(name + size - 2, "_t") == 0) /* POSIX keeps these for types */
        return true;
    return is_listed(other_functions, name, size) || is_listed_with_suffix(real_functions, name, real) ||
           (name[0] == 'c' && is_listed_with_suffix(complex_functions, name + 1, wide));
}
