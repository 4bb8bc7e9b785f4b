using Hud.Core.Profile;
using Hud.Frames;
using Hud.Tests.Support;

namespace Hud.Analysis.Tests;

public class AdvisorTests
{
    private const string User = " < checkout::login::{{closure}} < tokio::runtime::task::raw::poll";

    public static TheoryData<string, HotspotCause, string, string> Examples =>
        new()
        {
            { "checkout::anything", HotspotCause.Throttled, "", "CpuQuota" },
            { "std::thread::sleep" + User, HotspotCause.RunQueue, "", "CpuPressure" },
            {
                "syscall < std::thread::park < std::sync::mpmc::list::Channel<T>::recv < std::sync::mpsc::Receiver<T>::recv",
                HotspotCause.LockWait,
                "futex",
                "Channel"
            },
            {
                "syscall < std::thread::park < crossbeam_channel::flavors::array::Channel<T>::recv",
                HotspotCause.LockWait,
                "futex",
                "Channel"
            },
            {
                "syscall < tokio::runtime::park::CachedParkThread::block_on < tokio::sync::mpsc::bounded::Receiver<T>::blocking_recv",
                HotspotCause.LockWait,
                "futex",
                "Channel"
            },
            {
                "syscall < tokio::runtime::park::CachedParkThread::block_on < tokio::sync::mutex::Mutex<T>::blocking_lock",
                HotspotCause.LockWait,
                "futex",
                "Mutex"
            },
            {
                "syscall < std::sys::sync::condvar::futex::Condvar::wait < tokio::runtime::park::Inner::park < tokio::runtime::park::CachedParkThread::block_on < tokio::runtime::handle::Handle::block_on",
                HotspotCause.LockWait,
                "futex",
                "BlockOn"
            },
            {
                "syscall < std::thread::park < futures_executor::local_pool::block_on::<F>",
                HotspotCause.LockWait,
                "futex",
                "BlockOn"
            },
            { "syscall < std::thread::park < pollster::block_on", HotspotCause.LockWait, "futex", "BlockOn" },
            {
                "syscall < std::thread::park < reqwest::blocking::wait::timeout < reqwest::blocking::client::ClientHandle::execute_request",
                HotspotCause.LockWait,
                "futex",
                "BlockOn"
            },
            {
                "__poll < send_dg < __res_context_send < _nss_dns_gethostbyname4_r < getaddrinfo < std::sys::net::connection::socket::LookupHost::new",
                HotspotCause.BlockingCall,
                "poll",
                "Dns"
            },
            {
                "__libc_connect < getaddrinfo < <(&str, u16) as std::net::socket_addr::ToSocketAddrs>::to_socket_addrs",
                HotspotCause.BlockingCall,
                "connect",
                "Dns"
            },
            {
                "wait4 < std::sys::process::unix::unix::Process::wait < std::process::Command::output",
                HotspotCause.BlockingCall,
                "wait4",
                "Process"
            },
            {
                "__poll < std::sys::pal::unix::pipe::read2 < std::process::Child::wait_with_output",
                HotspotCause.BlockingCall,
                "poll",
                "Process"
            },
            { "", HotspotCause.BlockingCall, "waitid", "Process" },
            {
                "__write < <std::io::stdio::StdoutRaw as std::io::Write>::write < std::io::stdio::_print",
                HotspotCause.BlockingCall,
                "write",
                "Stdout"
            },
            {
                "syscall < std::sys::sync::mutex::futex::Mutex::lock_contended < <&std::io::stdio::Stdout as std::io::Write>::write_fmt < std::io::stdio::_print",
                HotspotCause.LockWait,
                "futex",
                "Stdout"
            },
            {
                "write < tracing_subscriber::fmt::fmt_layer::Layer<S,N,E,W>::on_event",
                HotspotCause.BlockingCall,
                "write",
                "Stdout"
            },
            { "clock_nanosleep < std::thread::sleep", HotspotCause.BlockingCall, "clock_nanosleep", "Sleep" },
            { "", HotspotCause.BlockingCall, "nanosleep", "Sleep" },
            { "bcrypt::bcrypt::bcrypt < bcrypt::hash", HotspotCause.OnCpu, "", "Crypto" },
            { "blowfish::Blowfish::encrypt", HotspotCause.OnCpu, "", "Crypto" },
            { "sha256_block_data_order_avx2 < EVP_DigestUpdate", HotspotCause.OnCpu, "", "Crypto" },
            {
                "miniz_oxide::deflate::core::compress_inner < flate2::zio::Writer<W,D>::write",
                HotspotCause.OnCpu,
                "",
                "Compression"
            },
            { "ZSTD_compressBlock_fast < zstd_safe::CCtx::compress", HotspotCause.OnCpu, "", "Compression" },
            { "deflate_slow < deflate", HotspotCause.OnCpu, "", "Compression" },
            {
                "serde_json::ser::format_escaped_str < serde_json::ser::to_string",
                HotspotCause.OnCpu,
                "",
                "Serialization"
            },
            {
                "<checkout::Row as serde::de::Deserialize>::deserialize::{closure#0} < serde_json::de::from_slice",
                HotspotCause.OnCpu,
                "",
                "Serialization"
            },
            { "checkout::visit_row < serde_json::de::from_slice", HotspotCause.OnCpu, "", "Serialization" },
            { "regex_automata::hybrid::search::find_fwd < regex::Regex::find_at", HotspotCause.OnCpu, "", "Regex" },
            {
                "syscall < std::sys::sync::mutex::futex::Mutex::lock_contended < std::sync::poison::mutex::Mutex<T>::lock",
                HotspotCause.LockWait,
                "futex",
                "Mutex"
            },
            { "syscall < parking_lot::raw_mutex::RawMutex::lock_slow", HotspotCause.LockWait, "futex", "Mutex" },
            { "__lll_lock_wait < pthread_mutex_lock@@GLIBC_2.2.5", HotspotCause.LockWait, "futex", "Mutex" },
            {
                "syscall < tokio::runtime::park::CachedParkThread::block_on < tokio::sync::rwlock::RwLock<T>::blocking_read",
                HotspotCause.LockWait,
                "futex",
                "RwLock"
            },
            {
                "syscall < std::sys::sync::rwlock::futex::RwLock::write_contended < std::sync::poison::rwlock::RwLock<T>::write",
                HotspotCause.LockWait,
                "futex",
                "RwLock"
            },
            {
                "syscall < std::sys::sync::condvar::futex::Condvar::wait < std::sync::poison::condvar::Condvar::wait",
                HotspotCause.LockWait,
                "futex",
                "Condvar"
            },
            {
                "syscall < std::sys::sync::once::futex::Once::call < std::sync::once_lock::OnceLock<T>::initialize",
                HotspotCause.LockWait,
                "futex",
                "Once"
            },
            {
                "__pthread_clockjoin_ex < std::sys::thread::unix::Thread::join < std::thread::JoinInner<T>::join",
                HotspotCause.LockWait,
                "futex",
                "Join"
            },
            {
                "syscall < parking_lot_core::parking_lot::park < parking_lot::condvar::Condvar::wait_until_internal < r2d2::Pool<M>::get_timeout",
                HotspotCause.LockWait,
                "futex",
                "Pool"
            },
            {
                "syscall < tokio::runtime::park::CachedParkThread::block_on < tokio::runtime::handle::Handle::block_on<bb8::api::Pool<M>::get::{async_fn_env#0}<M>>",
                HotspotCause.LockWait,
                "futex",
                "Pool"
            },
            {
                "__futex_abstimed_wait_common < pthread_cond_timedwait < take_gil < PyEval_RestoreThread < PyGILState_Ensure < pyo3::gil::GILGuard::acquire",
                HotspotCause.LockWait,
                "futex",
                "GIL"
            },
            {
                "syscall < std::sys::sync::condvar::futex::Condvar::wait < rayon_core::latch::LockLatch::wait_and_reset < rayon_core::registry::Registry::in_worker_cold",
                HotspotCause.LockWait,
                "futex",
                "Rayon"
            },
            { "_Fork < __libc_fork < std::process::Command::spawn", HotspotCause.OnCpu, "", "Fork" },
            {
                "clock_nanosleep < usleep < unixSleep < sqliteDefaultBusyCallback < sqlite3_step < rusqlite::Connection::execute",
                HotspotCause.BlockingCall,
                "clock_nanosleep",
                "SqliteBusy"
            },
            { "usleep < sqlite3_step", HotspotCause.BlockingCall, "clock_nanosleep", "SqliteBusy" },
            {
                "recv < std::net::tcp::TcpStream::read < mio::net::tcp::stream::TcpStream::read < tokio::io::poll_evented::PollEvented<E>::poll_read",
                HotspotCause.BlockingCall,
                "recvfrom",
                "BlockingSocket"
            },
            {
                "serde_json::de::from_trait < serde_json::de::from_slice < axum::json::Json<T>::from_bytes",
                HotspotCause.OnCpu,
                "",
                "Serialization"
            },
            { "sched_yield < std::thread::yield_now", HotspotCause.OnCpu, "", "Spin" },
            {
                "parking_lot_core::spinwait::SpinWait::spin < parking_lot::raw_mutex::RawMutex::lock_slow",
                HotspotCause.OnCpu,
                "",
                "Spin"
            },
            { "", HotspotCause.LockWait, "futex", "LockWait" },
            { "syscall < std::thread::park", HotspotCause.LockWait, "futex", "LockWait" },
            {
                "fdatasync < unixSync < sqlite3_step < rusqlite::statement::Statement::step",
                HotspotCause.BlockingCall,
                "fdatasync",
                "Database"
            },
            { "recv < std::net::tcp::TcpStream::read", HotspotCause.BlockingCall, "recvfrom", "NetworkIo" },
            { "", HotspotCause.BlockingCall, "connect", "NetworkIo" },
            { "fsync < std::fs::File::sync_all", HotspotCause.BlockingCall, "fsync", "FileSync" },
            { "", HotspotCause.BlockingCall, "fdatasync", "FileSync" },
            { "flock < fs2::unix::lock_exclusive", HotspotCause.BlockingCall, "flock", "FileLock" },
            { "__read < std::sys::fs::unix::File::read < std::fs::read", HotspotCause.BlockingCall, "read", "File" },
            { "", HotspotCause.BlockingCall, "openat", "File" },
            { "std::fs::read_to_string::inner", HotspotCause.OnCpu, "", "File" },
            { "__poll < curl_multi_poll", HotspotCause.BlockingCall, "poll", "SyncPoll" },
            {
                "_int_malloc < malloc < __rust_alloc < alloc::raw_vec::RawVec<T>::grow_one",
                HotspotCause.OnCpu,
                "",
                "Memory"
            },
            { "__munmap < je_arena_decay", HotspotCause.BlockingCall, "munmap", "Memory" },
            { "__memmove_avx_unaligned_erms", HotspotCause.OnCpu, "", "Memory" },
            { "core::ptr::drop_in_place<checkout::Basket>", HotspotCause.OnCpu, "", "Drop" },
            { "", HotspotCause.BlockingCall, "", "PageFault" },
            { "", HotspotCause.OnCpu, "", "Cpu" },
            { "core::iter::traits::iterator::Iterator::fold", HotspotCause.OnCpu, "", "Cpu" },
            { "ioctl", HotspotCause.BlockingCall, "ioctl", "Blocking" },
        };

    [Theory]
    [MemberData(nameof(Examples))]
    public void Each_row_of_the_table_answers_its_stacks(
        string leafFirst,
        HotspotCause cause,
        string syscall,
        string category
    ) => Assert.Equal(category, Advisor.For(Named.Of(leafFirst + User), cause, syscall).Category);

    [Fact]
    public void A_page_fault_of_a_mapped_file_is_known_by_where_the_kernel_slept()
    {
        Assert.Equal("MappedFile", Advisor.For(MappedFile, HotspotCause.BlockingCall, "").Category);
        Assert.Equal(
            "Memory",
            Advisor
                .For([Named.Kernel("rwsem_down_read_slowpath"), .. MappedFile[3..]], HotspotCause.BlockingCall, "")
                .Category
        );
    }

    private static readonly Frame[] MappedFile =
    [
        Named.Kernel("folio_wait_bit_common"),
        Named.Kernel("filemap_fault"),
        Named.Kernel("__do_fault"),
        .. Named.Of("checkout::index::lookup" + User),
    ];

    [Fact]
    public void Sqlite_that_does_not_sleep_and_a_sleep_without_sqlite_are_not_a_busy_database()
    {
        Assert.Equal(
            "Database",
            Advisor.For(Named.Of("pread64 < sqlite3_step" + User), HotspotCause.BlockingCall, "ioctl").Category
        );
        Assert.Equal(
            "Sleep",
            Advisor
                .For(Named.Of("usleep < checkout::retry < sqlite3_step" + User), HotspotCause.BlockingCall, "nanosleep")
                .Category
        );
    }

    [Fact]
    public void Parsing_that_the_handler_asks_for_is_not_the_extractors()
    {
        var parse = Named.Of("serde_json::de::from_slice" + User);
        var extract = Named.Of(
            "serde_json::de::from_slice < axum::json::Json<T>::from_bytes < tokio::runtime::task::raw::poll"
        );
        Assert.DoesNotContain("extractor", Advisor.For(parse, HotspotCause.OnCpu, "").Sentence);
        Assert.Contains("extractor", Advisor.For(extract, HotspotCause.OnCpu, "").Sentence);
    }

    [Fact]
    public void Every_row_is_reached_by_an_example()
    {
        var reached = Examples
            .Select(e => Advisor.For(Named.Of(e.Data.Item1 + User), e.Data.Item2, e.Data.Item3))
            .Append(Advisor.For(MappedFile, HotspotCause.BlockingCall, ""))
            .ToHashSet();
        Assert.Equal([], Advisor.Rows.Where(r => !reached.Contains(r)).Select(r => r.Category));
    }

    [Fact]
    public void Every_pattern_can_match_and_every_row_says_something()
    {
        foreach (var row in Advisor.Rows)
        {
            Assert.NotEmpty(row.Sentence);
            Assert.EndsWith(".", row.Sentence, StringComparison.Ordinal);
            Assert.Matches("^[a-z-]+$", row.Docs);
            Assert.All(row.Frames, p => Assert.True(Advisor.Matches(p, p.Trim('*')), p));
            Assert.All(row.Frames, p => Assert.True(p.Trim('*').Length > 2, p));
        }
    }

    [Fact]
    public void Library_code_that_calls_the_user_is_not_taken_for_the_cause()
    {
        // the pool thread of a dependency calls user code that computes: the computing is the finding
        var stack = Named.Of("checkout::mandelbrot < std::process::Command::spawn" + User);
        Assert.Equal("Cpu", Advisor.For(stack, HotspotCause.OnCpu, "").Category);
    }

    [Fact]
    public void The_name_people_know_is_the_one_nearest_to_their_code()
    {
        var stack = Named.Of(
            "__read < std::sys::fs::unix::File::read < std::fs::read < checkout::load < tokio::runtime::task::raw::poll"
        );
        var row = Advisor.For(stack, HotspotCause.BlockingCall, "read");
        Assert.Equal("std::fs::read", stack[Advisor.NamedFrame(stack, row)].Function);
    }

    [Fact]
    public void An_empty_stack_gets_the_general_advice()
    {
        Assert.Equal("Cpu", Advisor.For([], HotspotCause.OnCpu, null).Category);
        Assert.Equal("Blocking", Advisor.For([], HotspotCause.BlockingCall, null).Category);
    }
}
