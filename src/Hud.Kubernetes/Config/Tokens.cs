using System.Net.Http.Headers;
using k8s.Authentication;
using k8s.KubeConfigModels;

namespace Hud.Kubernetes;

/// <summary>A token of which there is a newer one when the server refuses it.</summary>
public interface IRenewableToken : ITokenProvider
{
    /// <summary>The server answered 401: what is remembered must not be used again.</summary>
    void Reject();
}

/// <summary>
/// The token file of a pod. The kubelet replaces it long before it expires (at 80 % of its life), and old tokens are refused
/// after at most an hour, so a copy of a minute is safe and spares a read per request.
/// </summary>
public sealed class FileToken(string path, TimeProvider time) : IRenewableToken
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    private const int MaxTokenBytes = 64 << 10;

    private readonly Lock _lock = new();
    private string? _token;
    private bool _rejected;
    private long _readAt;

    public Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new AuthenticationHeaderValue("Bearer", Current()));

    public void Reject()
    {
        lock (_lock)
            _rejected = true;
    }

    private string? Current()
    {
        lock (_lock)
        {
            if (_token is not null && !_rejected && time.GetElapsedTime(_readAt) < Fresh)
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
                    _rejected = false;
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
}

/// <summary>A token from a login plugin, which is run again when the token ends or is refused.</summary>
public sealed class PluginToken(ExternalExecution plugin) : IRenewableToken
{
    private ExecTokenProvider _current = new(plugin);

    public Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken) =>
        // the library waits two minutes for a plugin that hangs, and ignores the cancellation
        Volatile.Read(ref _current).GetAuthenticationHeaderAsync(cancellationToken).WaitAsync(cancellationToken);

    public void Reject() => Volatile.Write(ref _current, new ExecTokenProvider(plugin));
}
