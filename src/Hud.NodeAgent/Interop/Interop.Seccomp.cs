using System.Runtime.InteropServices;
using Hud.NodeAgent.Confine;

namespace Hud.NodeAgent.Interop;

internal static unsafe partial class Libc
{
    // struct sock_fprog of linux/filter.h
    private struct FilterProgram
    {
        public ushort Length;
        public FilterInstruction* Filter;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    /// <summary>
    /// seccomp(2): puts a filter over every thread of this process, and over what it starts from now on, for good. Returns 0, minus errno, or
    /// the id of a thread that has another filter of its own.
    /// </summary>
    internal static int Confine(ReadOnlySpan<FilterInstruction> program)
    {
        const int noNewPrivileges = 38,
            setFilter = 1,
            allThreads = 1;
        if (prctl(noNewPrivileges, 1, 0, 0, 0) != 0)
            return -Marshal.GetLastPInvokeError();
        fixed (FilterInstruction* filter = program)
        {
            var described = new FilterProgram { Length = (ushort)program.Length, Filter = filter };
            long result = Syscall3(IsArm ? 277 : 317, setFilter, allThreads, (nint)(&described));
            return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
        }
    }

    /// <summary>socket(2) for a stream. Returns 0 when it was made, and closed again, or minus errno.</summary>
    /// <param name="family">1 is AF_UNIX, 2 is AF_INET.</param>
    internal static int TrySocket(int family)
    {
        int made = socket(family, 1, 0);
        return made < 0 ? -Marshal.GetLastPInvokeError() : close(made);
    }
}
