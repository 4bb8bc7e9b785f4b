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
    internal static partial int ioctl(int fd, nuint request, nint argument);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int getrusage(int who, byte* usage);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

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
