using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hud.Elf;

/// <summary>A byte source over an open file, read with pread. Owns the handle.</summary>
public sealed class FileByteSource : IByteSource, IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly ReadBudget? _budget;
    private int _readErrors;

    public FileByteSource(SafeFileHandle handle, ReadBudget? budget = null)
    {
        ArgumentNullException.ThrowIfNull(handle);
        _handle = handle;
        _budget = budget;
        Length = RandomAccess.GetLength(handle);
        Files.TryFacts(handle, out var facts);
        Facts = facts;
    }

    public long Length { get; }

    /// <summary>Of the moment when it was opened.</summary>
    public FileFacts Facts { get; }

    public SafeFileHandle Handle => _handle;

    /// <summary>A path by which another process of the same user can open the very same file, whatever became of its name.</summary>
    public string DescriptorPath => $"/proc/{Environment.ProcessId}/fd/{_handle.DangerousGetHandle()}";

    /// <summary>The same for this process and for what the kernel does on its behalf.</summary>
    public string OwnPath => $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    /// <summary>Reads which failed in the device or file system (not: short reads at the end).</summary>
    public int ReadErrors => _readErrors;

    /// <summary>
    /// Opens a regular file; false with the reason when there is none, or it cannot be opened. Whoever owns the path may put a FIFO or
    /// a device there at any time: the type is checked before the path is opened, and it is opened without waiting.
    /// </summary>
    public static bool TryOpen(
        string path,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out FileByteSource? source,
        out string error,
        ReadBudget? budget = null
    )
    {
        source = null;
        using var named = Files.Name(path, out int number);
        if (named.IsInvalid)
        {
            error = Marshal.GetPInvokeErrorMessage(number);
            return false;
        }

        return TryOpen(named, out source, out error, budget);
    }

    internal static bool TryOpen(
        SafeFileHandle named,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out FileByteSource? source,
        out string error,
        ReadBudget? budget = null
    )
    {
        source = null;
        var handle = Files.OpenRegular(named, out error);
        if (handle.IsInvalid)
        {
            return false;
        }

        try
        {
            source = new FileByteSource(handle, budget);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            handle.Dispose();
            error = e.Message;
            return false;
        }
    }

    public int Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset >= Length || _budget?.TryTake(destination.Length) == false)
        {
            return 0;
        }

        try
        {
            return RandomAccess.Read(_handle, destination, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Interlocked.Increment(ref _readErrors);
            return 0;
        }
    }

    public void Dispose() => _handle.Dispose();
}
