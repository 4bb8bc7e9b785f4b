using System.Runtime.InteropServices;

namespace Hud.Cli.Agent;

internal static partial class Interop
{
    private const uint Nobody = 65534;

    /// <summary>prctl(2), PR_SET_NO_NEW_PRIVS: of the calling thread and of what it starts, for good. No program of theirs brings rights then.</summary>
    public static void NoNewPrivileges()
    {
        if (prctl(38, 1, 0, 0, 0) != 0)
            throw new IOException("cannot give up new privileges: " + Marshal.GetLastPInvokeErrorMessage());
    }

    /// <summary>
    /// root becomes nobody, with no group besides; all capabilities of all threads go with the user (capabilities(7)). Another user stays: started
    /// with <see cref="NoNewPrivileges"/> it has none.
    /// </summary>
    /// <returns>Null when it is done, else why not.</returns>
    public static unsafe string? GiveUpRights()
    {
        if (geteuid() != 0)
            return null;
        if (setgroups(0, null) != 0 || setresgid(Nobody, Nobody, Nobody) != 0 || setresuid(Nobody, Nobody, Nobody) != 0)
            return "root's rights could not be given up: " + Marshal.GetLastPInvokeErrorMessage();
        return geteuid() == 0 ? "root's rights could not be given up" : null;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int setgroups(nuint count, uint* groups);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setresgid(uint real, uint effective, uint saved);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setresuid(uint real, uint effective, uint saved);
}
