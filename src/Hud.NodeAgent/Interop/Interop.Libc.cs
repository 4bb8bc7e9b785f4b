using System.Runtime.InteropServices;

namespace Hud.NodeAgent.Interop;

/// <summary>System calls that .NET does not offer.</summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall3(long number, nint a, nint b, nint c);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall5(long number, nint a, nint b, nint c, nint d, nint e);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(int fd, void* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint pread(int fd, void* buffer, nuint count, long offset);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int munmap(nint address, nuint length);

    /// <summary>Maps a BPF map's values for reading and writing. Returns the address, or minus errno.</summary>
    internal static nint MapShared(int fd, nuint length)
    {
        nint address = mmap(0, length, 1 | 2, 1, fd, 0);
        return address == -1 ? -Marshal.GetLastPInvokeError() : address;
    }

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int fstatfs(int fd, void* buffer);

    /// <summary>A descriptor that names what is at the path and opens nothing: O_PATH, O_NOFOLLOW, O_CLOEXEC. Minus one when there is nothing.</summary>
    internal static int OpenPath(string path) => open(path, 0x200000 | 0x80000 | (IsArm ? 0x8000 : 0x20000));

    /// <summary>The magic number of the filesystem that a descriptor is on, or minus one.</summary>
    internal static long FileSystemType(int fd)
    {
        long* buffer = stackalloc long[32]; // struct statfs is 120 bytes and begins with the type
        return fstatfs(fd, buffer) == 0 ? buffer[0] : -1;
    }

    private struct PollDescriptor
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int poll(PollDescriptor* descriptors, ulong count, int timeoutMs);

    /// <summary>True for the writing end of a pipe or socket whose reader is gone: POLLERR or POLLHUP.</summary>
    internal static bool IsBroken(int fd)
    {
        var descriptor = new PollDescriptor { Fd = fd };
        return poll(&descriptor, 1, 0) > 0 && (descriptor.Returned & (0x08 | 0x10)) != 0;
    }

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    /// <summary>memfd_create(2), for a file that can be run. Returns the descriptor, or minus errno.</summary>
    internal static int MemoryFile(string name)
    {
        const uint closeOnExec = 1,
            executable = 0x10;
        int file = memfd_create(name, closeOnExec | executable);
        // before 6.3 the second flag is unknown, and such files can always be run
        if (file < 0 && Marshal.GetLastPInvokeError() == 22)
            file = memfd_create(name, closeOnExec);
        return file < 0 ? -Marshal.GetLastPInvokeError() : file;
    }

    private static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>bpf(2). Returns the result, or minus errno.</summary>
    internal static int Bpf(int command, void* attributes, int size)
    {
        long result = Syscall3(IsArm ? 280 : 321, command, (nint)attributes, size);
        return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
    }

    /// <summary>perf_event_open(2). Returns the descriptor, or minus errno.</summary>
    internal static int PerfEventOpen(void* attributes, int pid, int cpu, int group, ulong flags)
    {
        long result = Syscall5(IsArm ? 241 : 298, (nint)attributes, pid, cpu, group, (nint)flags);
        return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
    }
}
