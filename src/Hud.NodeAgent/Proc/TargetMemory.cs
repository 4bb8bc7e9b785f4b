using Hud.NodeAgent.Interop;
using Microsoft.Win32.SafeHandles;

namespace Hud.NodeAgent.Proc;

/// <summary>A process's memory, opened once for many reads. Invalid when the process does not exist or is gone.</summary>
internal sealed class TargetMemory : IDisposable
{
    private readonly SafeFileHandle? _memory;

    public TargetMemory(int pid)
    {
        try
        {
            _memory = File.OpenHandle($"/proc/{pid}/mem");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // gone: there is nothing to read, and nothing to harm
        }
    }

    public bool IsInvalid => _memory is null;

    /// <summary>Bytes read; 0 when nothing can be read there.</summary>
    public unsafe int Read(ulong address, Span<byte> destination)
    {
        if (_memory is null)
            return 0;
        fixed (byte* at = destination)
            return (int)
                Math.Max(
                    0,
                    Libc.pread(
                        (int)_memory.DangerousGetHandle(),
                        at,
                        (nuint)destination.Length,
                        unchecked((long)address)
                    )
                );
    }

    public void Dispose() => _memory?.Dispose();
}
