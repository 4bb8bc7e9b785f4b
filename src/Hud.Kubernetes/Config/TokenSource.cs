namespace Hud.Kubernetes;

/// <summary>A bearer token that may change while the process runs.</summary>
public interface ITokenSource
{
    string? Current();

    /// <summary>The server answered 401: what is remembered must not be used again.</summary>
    void Reject();
}

public sealed class FixedTokenSource(string token) : ITokenSource
{
    public string? Current() => token;

    public void Reject()
    {
        // nothing else to offer: the 401 goes to the caller
    }
}

/// <summary>
/// The token file of a pod. The kubelet replaces it long before it expires (at 80 % of its life), and old tokens are refused
/// after at most an hour, so a copy of a minute is safe and spares a read per request.
/// </summary>
public sealed class FileTokenSource(string path, TimeProvider time) : ITokenSource
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    private const int MaxTokenBytes = 64 << 10;

    private readonly Lock _lock = new();
    private string? _token;
    private long _readAt;

    public string? Current()
    {
        lock (_lock)
        {
            if (_token is not null && time.GetElapsedTime(_readAt) < Fresh)
                return _token;
            try
            {
                using var file = File.OpenRead(path);
                var buffer = new byte[MaxTokenBytes];
                var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
                var text = System.Text.Encoding.ASCII.GetString(buffer, 0, length).Trim();
                // an empty file is the kubelet in mid-write on file systems without atomic rename: the old one still works
                if (text.Length > 0)
                {
                    _token = text;
                    _readAt = time.GetTimestamp();
                }
            }
            catch (IOException) when (_token is not null)
            {
                // the projected volume is being swapped; the remembered token is good for another minute
                _readAt = time.GetTimestamp();
            }
            return _token;
        }
    }

    public void Reject()
    {
        lock (_lock)
            _token = null;
    }
}
