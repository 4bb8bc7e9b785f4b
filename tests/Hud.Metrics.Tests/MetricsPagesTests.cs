using System.Net;
using System.Net.Sockets;
using System.Text;
using Hud.Metrics.Format;
using Hud.Metrics.Http;

namespace Hud.Metrics.Tests;

/// <summary>The pages over real connections.</summary>
public sealed class MetricsPagesTests : IAsyncLifetime
{
    private readonly MetricsPages _pages = new(TimeProvider.System);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http;
    private readonly Task _serving;

    public MetricsPagesTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}/") };
        _serving = new PageServer(_pages.Answer).RunAsync(_listener, _stop.Token);
        _pages.Accept(Messages.Checkout());
    }

    private int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _http.Dispose();
        _listener.Dispose();
        _stop.Dispose();
    }

    [Theory]
    [InlineData("*/*", TextFormat.PlainType)]
    [InlineData("application/openmetrics-text;version=1.0.0", TextFormat.OpenMetricsType)]
    [InlineData(ProtobufFormat.ContentType, ProtobufFormat.ContentType)]
    public async Task The_page_is_of_the_type_that_was_asked_for(string accept, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "metrics?name=x");
        request.Headers.TryAddWithoutValidation("accept", accept);
        using var answer = await _http.SendAsync(request);

        Assert.Equal(type, answer.Content.Headers.GetValues("Content-Type").Single());
        Assert.Contains(
            "checkout::login::{{closure}}",
            Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync()),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_root_leads_to_the_metrics_and_nothing_else_is_there()
    {
        Assert.Contains("href=\"/metrics\"", await _http.GetStringAsync(""), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync("metrics/")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync("debug/pprof")).StatusCode);
        using var post = await _http.PostAsync("metrics", null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        Assert.Equal(["GET", "HEAD"], post.Content.Headers.Allow);
        using var head = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "metrics"));
        Assert.True(head.Headers.TransferEncodingChunked);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("HTTP/1.1")]
    [InlineData("HTTP/1.0")]
    public async Task A_page_that_breaks_off_is_known_to_be_a_part_where_the_version_can_say_it(string version)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /metrics {version}\r\n\r\n"));
        using var reader = new StreamReader(stream);
        string answer = await reader.ReadToEndAsync();
        Assert.DoesNotContain("Content-Length", answer, StringComparison.Ordinal);
        bool chunked = version == "HTTP/1.1";
        Assert.Equal(chunked, answer.Contains("Transfer-Encoding: chunked\r\n", StringComparison.Ordinal));
        Assert.EndsWith(chunked ? "\n\r\n0\r\n\r\n" : "\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_many_parts_is_whole()
    {
        var many = Messages.Checkout();
        for (int i = 0; i < 20; i++)
            _pages.Accept(
                many with
                {
                    Index = i,
                    Target = many.Target with
                    {
                        Pod = $"pod-{i}",
                        Tasks = [.. Enumerable.Range(0, 50).Select(t => Messages.Task($"task{t}", t))],
                    },
                }
            );
        string text = await _http.GetStringAsync("metrics");
        Assert.True(text.Length > 1 << 20, $"{text.Length} are few parts");
        Assert.Equal(
            20 * 50,
            text.Split('\n').Count(l => l.StartsWith("hud_task_wait_seconds_count{", StringComparison.Ordinal))
        );
        Assert.EndsWith("} 100\n", text, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, "metrics");
        request.Headers.TryAddWithoutValidation("accept", ProtobufFormat.ContentType);
        using var answer = await _http.SendAsync(request);
        Assert.True((await answer.Content.ReadAsByteArrayAsync()).Length > 1 << 18);
    }

    [Theory]
    [InlineData("hello\r\n\r\n", "400")]
    [InlineData("GET /metrics HTTP/2\r\n\r\n", "400")]
    [InlineData("\0\0\0\r\n\r\n", "400")]
    public async Task What_is_no_request_is_refused(string said, string code) =>
        Assert.StartsWith($"HTTP/1.1 {code} ", await SayAsync(said), StringComparison.Ordinal);

    [Fact]
    public async Task A_head_that_is_too_large_is_refused() =>
        Assert.StartsWith(
            "HTTP/1.1 431 ",
            await SayAsync("GET /metrics HTTP/1.1\r\nX: " + new string('x', 10_000)),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_scrape_is_answered_while_hundreds_say_nothing_and_hundreds_speak_slowly()
    {
        var silent = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 400; i++)
            {
                silent.Add(new TcpClient());
                await silent[^1].ConnectAsync(IPAddress.Loopback, Port);
                if (i % 2 == 0)
                    await silent[^1].GetStream().WriteAsync("GET /metrics HTTP/1.1\r\nX"u8.ToArray());
            }

            Assert.Contains("hud_up 1\n", await _http.GetStringAsync("metrics"), StringComparison.Ordinal);
        }
        finally
        {
            silent.ForEach(c => c.Dispose());
        }
    }

    private async Task<string> SayAsync(string text)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        // all that there is place for was read, and what was not is answered by a reset
        byte[] start = new byte[20];
        int length = await stream.ReadAtLeastAsync(start, 13, throwOnEndOfStream: false);
        return Encoding.ASCII.GetString(start, 0, length);
    }
}
