using System.Runtime.InteropServices;

namespace Hud.NodeAgent.Run;

/// <summary>Requests for the last while of the run, by SIGUSR1. The kernel makes one of several that come at once, and so does an answer.</summary>
internal sealed class LookBackRequests
{
    /// <summary>The same number on x86-64 and aarch64; raw numbers are passed on as they are.</summary>
    public const PosixSignal Signal = (PosixSignal)10;

    private int _asked;

    /// <summary>From any thread.</summary>
    public void Add() => Interlocked.Exchange(ref _asked, 1);

    /// <returns>Whether there was one since the last time.</returns>
    public bool Take() => Interlocked.Exchange(ref _asked, 0) == 1;
}
