using Microsoft.Win32.SafeHandles;

namespace Hud.Elf;

/// <summary>A byte source over an open file, read with pread. Owns the handle.</summary>
public sealed class FileByteSource : IByteSource, IDisposable
{
    private readonly SafeFileHandle _handle;
    private int _readErrors;

    public FileByteSource(SafeFileHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
    }

    public long Length { get; }

    /// <summary>A path by which another process of the same user can open the very same file, whatever became of its name.</summary>
    public string DescriptorPath => $"/proc/{Environment.ProcessId}/fd/{_handle.DangerousGetHandle()}";

    /// <summary>Reads which failed in the device or file system (not: short reads at the end).</summary>
    public int ReadErrors => _readErrors;

    /// <summary>Opens <paramref name="path"/>; false with the system's reason when it cannot be opened.</summary>
    public static bool TryOpen(
        string path,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out FileByteSource? source,
        out string error
    )
    {
        try
        {
            var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            source = new FileByteSource(handle);
            error = "";
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            source = null;
            error = e.Message;
            return false;
        }
    }

    public int Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset >= Length)
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
