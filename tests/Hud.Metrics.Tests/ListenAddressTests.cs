using System.Net;
using System.Net.Sockets;
using Hud.Core.Diagnostics;
using Hud.Metrics.Http;

namespace Hud.Metrics.Tests;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData(":9464", ":9464", "http://localhost:9464/metrics, on every address of this machine")]
    [InlineData("127.0.0.1:9464", "127.0.0.1:9464", "http://127.0.0.1:9464/metrics")]
    [InlineData("localhost:0", "127.0.0.1:0", "http://127.0.0.1:0/metrics")]
    [InlineData("[::1]:9464", "[::1]:9464", "http://[::1]:9464/metrics")]
    [InlineData("[::]:9464", "[::]:9464", "http://[::]:9464/metrics")]
    [InlineData("0.0.0.0:65535", "0.0.0.0:65535", "http://0.0.0.0:65535/metrics")]
    public void An_address_is_read_as_it_is_written(string text, string written, string url)
    {
        var address = ListenAddress.Parse(text)!;

        Assert.Equal(written, address.ToString());
        Assert.Equal(url, address.Url(address.Port));
    }

    [Theory]
    [InlineData("")]
    [InlineData("9464")]
    [InlineData(":")]
    [InlineData(":65536")]
    [InlineData(":-1")]
    [InlineData(":+1")]
    [InlineData(": 80")]
    [InlineData("::1:9464")]
    [InlineData("[127.0.0.1]:9464")]
    [InlineData("1:9464")]
    [InlineData("127.1:9464")]
    [InlineData("example.org:9464")]
    [InlineData("http://127.0.0.1:9464")]
    [InlineData("[]:80")]
    public void What_is_no_address_is_none(string text) => Assert.Null(ListenAddress.Parse(text));

    [Fact]
    public void A_port_for_every_address_is_for_both_kinds()
    {
        using var socket = ListenAddress.Parse(":0")!.Listen("--metrics");
        int port = ((IPEndPoint)socket.LocalEndPoint!).Port;

        using var client = new TcpClient();
        client.Connect(IPAddress.Loopback, port);
        if (Socket.OSSupportsIPv6)
        {
            using var six = new TcpClient(AddressFamily.InterNetworkV6);
            six.Connect(IPAddress.IPv6Loopback, port);
        }
    }

    [Fact]
    public void An_address_that_another_program_has_is_said_with_what_to_do()
    {
        using var first = ListenAddress.Parse("127.0.0.1:0")!.Listen("--metrics");
        int port = ((IPEndPoint)first.LocalEndPoint!).Port;

        var refused = Assert.Throws<DiagnosticException>(() =>
            ListenAddress.Parse($"127.0.0.1:{port}")!.Listen("--metrics")
        );

        Assert.Equal($"--metrics 127.0.0.1:{port}: another program listens there", refused.Message);
        Assert.Contains($"ss -ltnp 'sport = :{port}'", refused.Diagnostic.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_of_another_machine_is_said()
    {
        // of the range for documentation (RFC 5737)
        var refused = Assert.Throws<DiagnosticException>(() => ListenAddress.Parse("192.0.2.1:0")!.Listen("--metrics"));

        Assert.Contains("this machine has no such address", refused.Message, StringComparison.Ordinal);
    }
}
