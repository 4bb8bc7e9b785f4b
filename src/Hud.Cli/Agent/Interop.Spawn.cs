using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hud.Cli.Agent;

/// <summary>
/// Starts a child in a process group of its own, which System.Diagnostics.Process cannot: Ctrl-C in a terminal goes to the
/// whole foreground group, and the agent must get its signal from us, once.
/// </summary>
internal static partial class Interop
{
    private const short SetProcessGroup = 0x02;
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const int CloseOnExec = 0x80000;

    public const int SigInt = 2;
    public const int SigKill = 9;
    public const int SigUsr1 = 10; // on x86-64 and aarch64
    public const int SigTerm = 15;
    private const int NoSuchProcess = 3;

    /// <summary>glibc: posix_spawnattr_t 336 bytes, posix_spawn_file_actions_t 80, sigset_t 128; musl is smaller.</summary>
    private const int StructRoom = 512;

    /// <summary>The number under which a child finds the fourth handle that it is given.</summary>
    public const int ThirdHandle = 3;

    /// <param name="third">Handed on as well; everything behind it is closed then, whoever left it open.</param>
    /// <exception cref="IOException">The program cannot be started; the message says why.</exception>
    public static unsafe int Spawn(
        string path,
        string[] arguments,
        string[] environment,
        SafeFileHandle stdin,
        SafeFileHandle stdout,
        SafeFileHandle stderr,
        SafeHandle? third = null
    )
    {
        byte* attributes = stackalloc byte[StructRoom],
            actions = stackalloc byte[StructRoom],
            signals = stackalloc byte[StructRoom];
        nint[] argv = ToNative([path, .. arguments]),
            envp = ToNative(environment);
        try
        {
            Check(posix_spawnattr_init(attributes));
            Check(posix_spawn_file_actions_init(actions));
            // the runtime ignores SIGPIPE, and ignored signals stay ignored over exec
            Check(sigfillset(signals));
            Check(posix_spawnattr_setsigdefault(attributes, signals));
            Check(sigemptyset(signals));
            Check(posix_spawnattr_setsigmask(attributes, signals));
            Check(posix_spawnattr_setpgroup(attributes, 0));
            Check(posix_spawnattr_setflags(attributes, SetProcessGroup | SetSignalDefaults | SetSignalMask));
            Check(posix_spawn_file_actions_adddup2(actions, (int)stdin.DangerousGetHandle(), 0));
            Check(posix_spawn_file_actions_adddup2(actions, (int)stdout.DangerousGetHandle(), 1));
            Check(posix_spawn_file_actions_adddup2(actions, (int)stderr.DangerousGetHandle(), 2));
            if (third is not null)
            {
                Check(posix_spawn_file_actions_adddup2(actions, (int)third.DangerousGetHandle(), ThirdHandle));
                CloseFrom(actions, ThirdHandle + 1);
            }

            int pid;
            fixed (
                nint* argvPointer = argv,
                    envpPointer = envp
            )
                Check(posix_spawn(&pid, path, actions, attributes, argvPointer, envpPointer));
            return pid;
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
            foreach (nint text in argv.Concat(envp))
                Marshal.FreeCoTaskMem(text);
        }

        void Check(int error)
        {
            if (error != 0)
                throw new IOException($"cannot start {path}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    /// <summary>glibc 2.34; what is older, or another C library, leaves open what was not made to be closed.</summary>
    private static unsafe void CloseFrom(byte* actions, int first)
    {
        try
        {
            _ = posix_spawn_file_actions_addclosefrom_np(actions, first);
        }
        catch (EntryPointNotFoundException)
        {
            // all that hud itself opens is closed in children
        }
    }

    /// <summary>Both ends are closed in children, except where a descriptor is handed on.</summary>
    public static unsafe (SafeFileHandle Read, SafeFileHandle Write) Pipe()
    {
        int* ends = stackalloc int[2];
        if (pipe2(ends, CloseOnExec) != 0)
            throw new IOException("cannot make a pipe: " + Marshal.GetLastPInvokeErrorMessage());
        return (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    /// <summary>Blocks until the child ends. The exit code, or 128 + signal as a shell says it.</summary>
    public static unsafe int Wait(int pid)
    {
        int status;
        while (waitpid(pid, &status, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != 4) // EINTR
                return -1;
        }

        return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
    }

    /// <summary>Blocks until the child has ended but keeps its pid taken (waitid with WNOWAIT).</summary>
    public static unsafe void WaitUntilEnded(int pid)
    {
        const int byPid = 1,
            exited = 4,
            keep = 0x01000000;
        byte* info = stackalloc byte[StructRoom];
        while (waitid(byPid, pid, info, exited | keep) < 0 && Marshal.GetLastPInvokeError() == 4)
        {
            // EINTR
        }
    }

    /// <summary>False when the process (or, with a negative pid, its group) is gone.</summary>
    public static bool Kill(int pid, int signal) =>
        kill(pid, signal) == 0 || Marshal.GetLastPInvokeError() != NoSuchProcess;

    private static nint[] ToNative(string[] texts) => [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int posix_spawn(
        int* pid,
        string path,
        byte* actions,
        byte* attributes,
        nint* argv,
        nint* envp
    );

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setpgroup(byte* attributes, int group);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_addclosefrom_np(byte* actions, int from);

    [LibraryImport("libc")]
    private static unsafe partial int sigfillset(byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int sigemptyset(byte* signals);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int waitid(int idType, int id, byte* info, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
