using System.Runtime.InteropServices;

namespace Hud.NodeAgent.Bpf;

/// <summary>The kernel or libbpf refused something; names the operation, the error and what was logged.</summary>
internal sealed class BpfException(string operation, int errno, IReadOnlyList<string> log)
    : Exception($"cannot {operation}: {Marshal.GetPInvokeErrorMessage(errno)}")
{
    public int Errno { get; } = errno;

    public IReadOnlyList<string> Log { get; } = log;

    internal static BpfException FromErrno(string operation, int errno) => new(operation, errno, LibbpfLog.Take());
}
