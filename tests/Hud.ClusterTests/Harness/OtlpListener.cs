using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Hud.ClusterTests.Harness;

/// <summary>Plays an OpenTelemetry collector: takes what is posted as protobuf over HTTP and keeps the texts that were asked for.</summary>
internal sealed class OtlpListener : IDisposable
{
    private readonly HttpListener _http = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _received = new(StringComparer.Ordinal);

    public OtlpListener(string address)
    {
        Address = address;
        _http.Prefixes.Add(address + "/");
        _http.Start();
        _ = Task.Run(ReceiveAsync);
    }

    public string Address { get; }

    /// <summary>Names in protobuf are plain UTF-8, so they can be looked for without its schema.</summary>
    /// <param name="path">E.g. <c>/v1/traces</c>.</param>
    public bool Has(string path, string text) =>
        _received.GetValueOrDefault(path)?.Any(body => body.Contains(text, StringComparison.Ordinal)) == true;

    public void Dispose() => _http.Close();

    private async Task ReceiveAsync()
    {
        while (_http.IsListening)
        {
            try
            {
                var context = await _http.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                var bodies = _received.GetOrAdd(context.Request.Url!.AbsolutePath, _ => []);
                bodies.Enqueue(Encoding.UTF8.GetString(body.ToArray()));
                while (bodies.Count > 50)
                    bodies.TryDequeue(out _);
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
            {
                // the operator was killed in mid-sentence, or the tests are over
            }
        }
    }
}
