using Hud.NodeAgent.Serving;

namespace Hud.NodeAgent.Tests.Serving;

public sealed class MetricsSidecarTests
{
    [Theory]
    [InlineData("--from /run/pipe --listen :9464", "/run/pipe", ":9464")]
    [InlineData("--listen 127.0.0.1:0 --from pipe", "pipe", "127.0.0.1:0")]
    public void Both_are_read_in_any_order(string arguments, string from, string listen)
    {
        var parsed = MetricsSidecar.Parse(arguments.Split(' '), out string wrong)!.Value;
        Assert.Equal(("", from, listen), (wrong, parsed.From, parsed.Address.ToString()));
    }

    [Theory]
    [InlineData("", "--from is missing")]
    [InlineData("--from pipe", "--listen is missing")]
    [InlineData("--listen :1", "--from is missing")]
    [InlineData("--from pipe --listen", "--listen has no value")]
    [InlineData("--from pipe --listen 9464", "'9464' is no address")]
    [InlineData("--from pipe --from pipe --listen :1", "--from is there twice")]
    [InlineData("--from pipe --listen :1 --listen :2", "--listen is there twice")]
    [InlineData("--from pipe --listen :1 --verbose x", "unknown argument --verbose")]
    [InlineData("pipe", "unknown argument pipe")]
    public void What_is_wrong_is_named(string arguments, string message)
    {
        Assert.Null(
            MetricsSidecar.Parse(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), out string wrong)
        );
        Assert.Contains(message, wrong, StringComparison.Ordinal);
    }
}
