using System.Runtime.InteropServices;
using Hud.NodeAgent.Proc;

namespace Hud.KernelTests.Support;

/// <summary>A debugger as far as its target can tell: it traces all threads, stops them for a while and lets them go on.</summary>
internal static partial class Tracer
{
    private const int Cont = 7;
    private const int Detach = 17;
    private const int Seize = 0x4206;
    private const int Interrupt = 0x4207;

    [LibraryImport("libc", SetLastError = true)]
    private static partial long ptrace(int request, int pid, nint address, nint data);

    private static bool IsStopped(int pid, int tid) => ProcFs.StatusField(ProcFs.ReadText($"/proc/{pid}/task/{tid}/status"), "State").StartsWith('t');

    /// <summary>Traced for the whole time, and stopped in the middle of it. ptrace(2) belongs to one thread, so that thread does it all.</summary>
    /// <returns>Threads that were traced.</returns>
    public static int StopAndGoOn(int pid, TimeSpan stopped)
    {
        var threads = ProcFs.Threads(pid).Where(tid => ptrace(Seize, tid, 0, 0) == 0).ToList();
        StopAll();
        Thread.Sleep(stopped);
        threads.ForEach(tid => Assert.Equal(0, ptrace(Cont, tid, 0, 0)));
        Thread.Sleep(stopped); // it runs, traced
        StopAll();
        threads.ForEach(tid => Assert.Equal(0, ptrace(Detach, tid, 0, 0)));
        return threads.Count;

        void StopAll()
        {
            threads.ForEach(tid => Assert.Equal(0, ptrace(Interrupt, tid, 0, 0)));
            // not by waitpid: the target is a child of ours, and the runtime, which looks after children, may take its news away
            threads.ForEach(tid => Need.Until(() => IsStopped(pid, tid), $"thread {tid} stops"));
        }
    }
}
