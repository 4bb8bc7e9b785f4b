using System.Net;
using System.Net.Sockets;
using System.Text;
using Hud.Metrics.Http;

namespace Hud.Metrics.Tests;

/// <summary>Who is served while others open all the connections that they can, and read as slowly as they can.</summary>
public sealed class PageServerTests : IAsyncLifetime
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _clients = [];
    private Task _serving = Task.CompletedTask;
    private int _pages;

    public PageServerTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(256);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _clients.ForEach(c => c.Dispose());
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task<Socket> ConnectAsync(string from, string said = "")
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _clients.Add(client);
        client.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(_listener.LocalEndPoint!);
        await client.SendAsync(Encoding.ASCII.GetBytes(said));
        return client;
    }

    private static async Task<string> ReadAsync(Socket client)
    {
        byte[] buffer = new byte[1024];
        int length = await client.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(30));
        return Encoding.ASCII.GetString(buffer, 0, length);
    }

    /// <summary>A page that is never whole, and counted while it is being made.</summary>
    private IEnumerable<ReadOnlyMemory<byte>> Endless()
    {
        Interlocked.Increment(ref _pages);
        try
        {
            while (true)
                yield return new byte[1 << 16];
        }
        finally
        {
            Interlocked.Decrement(ref _pages);
        }
    }

    private async Task BeingMadeAsync(int expected)
    {
        Assert.True(
            SpinWait.SpinUntil(() => Volatile.Read(ref _pages) == expected, TimeSpan.FromSeconds(30)),
            $"{_pages} pages are being made"
        );
        await Task.Delay(300);
        Assert.Equal(expected, Volatile.Read(ref _pages));
    }

    [Theory]
    [InlineData("a", 0)]
    [InlineData("abc", 0)]
    [InlineData("abb", 1)]
    [InlineData("abacb", 0)]
    [InlineData("pxxxxp", 1)]
    [InlineData("pxxxxxxx", 1)]
    public void The_oldest_of_the_address_that_has_most_is_closed(string from, int closed) =>
        Assert.Equal(closed, ConnectionServer.Victim(from.Select(c => new IPAddress((long)c))));

    [Fact]
    public async Task One_that_is_being_served_outlives_hundreds_of_connections_from_elsewhere()
    {
        var release = new TaskCompletionSource();
        int served = 0;
        var server = new ConnectionServer(
            async (connection, cancel) =>
            {
                Interlocked.Increment(ref served);
                await release.Task.WaitAsync(cancel);
                await connection.SendAsync("done"u8.ToArray(), cancel);
            },
            maxConnections: 8,
            TimeSpan.FromMinutes(1)
        );
        _serving = server.RunAsync(_listener, _stop.Token);
        var scraper = await ConnectAsync("127.0.0.2");
        for (int i = 0; i < 100; i++)
            await ConnectAsync("127.0.0.1");
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref served) == 101, TimeSpan.FromSeconds(30)));
        release.SetResult();
        Assert.Equal("done", await ReadAsync(scraper));
    }

    [Fact]
    public async Task Four_pages_are_made_at_one_time_and_two_for_one_address()
    {
        var server = new PageServer(request =>
            request.Path == "/healthz" ? Page.Text(200, "ok\n") : new Page(200, "text/plain", Endless())
        );
        _serving = server.RunAsync(_listener, _stop.Token);
        const string scrape = "GET /metrics HTTP/1.1\r\n\r\n";
        for (int i = 0; i < 20; i++)
            await ConnectAsync("127.0.0.1", scrape);
        await BeingMadeAsync(PageServer.MaxPagesForOne);
        for (int i = 0; i < 3; i++)
            await ConnectAsync("127.0.0.2", scrape);
        await BeingMadeAsync(PageServer.MaxPages);

        var last = await ConnectAsync("127.0.0.3", scrape);
        // what is small and there already waits for nobody
        var probe = await ConnectAsync("127.0.0.3", "GET /healthz HTTP/1.1\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK", await ReadAsync(probe), StringComparison.Ordinal);
        Assert.Equal(0, last.Available);
        _clients.GetRange(0, 20).ForEach(c => c.Dispose());
        Assert.StartsWith("HTTP/1.1 200 OK", await ReadAsync(last), StringComparison.Ordinal);
        await BeingMadeAsync(3);
    }

    [Fact]
    public async Task Whoever_waits_and_is_closed_waits_no_longer()
    {
        int lost = 0;
        var server = new PageServer(_ => new Page(200, "text/plain", Endless()), _ => Interlocked.Increment(ref lost));
        _serving = server.RunAsync(_listener, _stop.Token);
        for (int i = 0; i < 164; i++)
            await ConnectAsync("127.0.0.1", "GET /metrics HTTP/1.1\r\n\r\n");
        Assert.True(
            SpinWait.SpinUntil(() => Volatile.Read(ref lost) == 100, TimeSpan.FromSeconds(10)),
            $"{lost} are lost"
        );
        await BeingMadeAsync(PageServer.MaxPagesForOne);
    }
}
