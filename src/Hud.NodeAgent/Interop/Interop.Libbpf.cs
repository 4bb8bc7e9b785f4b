using System.Runtime.InteropServices;

namespace Hud.NodeAgent.Interop;

/// <summary>libbpf 1.x, as declared in <c>bpf/libbpf.h</c> and <c>bpf/bpf.h</c>. What a handle owns is passed as the handle; pointers to what
/// lives inside an object are nint, and whoever has one keeps the object alive.</summary>
internal static partial class Libbpf
{
    private const string Library = "libbpf.so.1";

    [LibraryImport(Library)]
    internal static unsafe partial nint libbpf_set_print(delegate* unmanaged[Cdecl]<int, nint, nint, int> print);

    [LibraryImport(Library)]
    internal static partial int libbpf_num_possible_cpus();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint libbpf_version_string();

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial nint bpf_object__open_mem(void* buffer, nuint size, void* options);

    [LibraryImport(Library)]
    internal static partial int bpf_object__load(SafeHandle obj);

    [LibraryImport(Library)]
    internal static partial void bpf_object__close(nint obj);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_program_by_name(SafeHandle obj, string name);

    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_program(SafeHandle obj, nint previous);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_map_by_name(SafeHandle obj, string name);

    [LibraryImport(Library)]
    internal static partial nint bpf_program__name(nint program);

    [LibraryImport(Library)]
    internal static partial int bpf_program__fd(nint program);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_autoload(nint program, [MarshalAs(UnmanagedType.U1)] bool autoload);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_expected_attach_type(nint program, int type);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach(nint program);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_perf_event(nint program, int perfEvent);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_program__attach_uprobe_opts(
        nint program,
        int pid,
        string path,
        nuint offset,
        in UprobeOptions options
    );

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_iter(nint program, nint options);

    [LibraryImport(Library)]
    internal static partial int bpf_link__fd(SafeHandle link);

    [LibraryImport(Library)]
    internal static partial int bpf_link__destroy(nint link);

    [LibraryImport(Library)]
    internal static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_max_entries(nint map, uint entries);

    [LibraryImport(Library)]
    internal static partial nint bpf_map__initial_value(nint map, out nuint size);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int bpf_map_lookup_elem(int fd, void* key, void* value);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int bpf_map_update_elem(int fd, void* key, void* value, ulong flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int bpf_map_delete_elem(int fd, void* key);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_iter_create(int link);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial int bpf_obj_get_info_by_fd(int fd, void* info, uint* length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_enable_stats(int type);

    [LibraryImport(Library, SetLastError = true)]
    internal static unsafe partial nint ring_buffer__new(
        int mapFd,
        delegate* unmanaged[Cdecl]<nint, nint, nuint, int> sample,
        nint context,
        nint options
    );

    [LibraryImport(Library)]
    internal static partial int ring_buffer__poll(SafeHandle ring, int timeoutMilliseconds);

    [LibraryImport(Library)]
    internal static partial int ring_buffer__consume(SafeHandle ring);

    [LibraryImport(Library)]
    internal static partial void ring_buffer__free(nint ring);

    /// <summary><c>struct bpf_uprobe_opts</c></summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct UprobeOptions
    {
        public nuint Size;
        public nuint RefCounterOffset;
        public ulong Cookie;
        public byte ReturnProbe;
        public nint FunctionName;
    }
}
