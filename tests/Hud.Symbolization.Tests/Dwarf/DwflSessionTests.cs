namespace Hud.Symbolization.Tests;

public sealed class DwflSessionTests
{
    [Fact]
    public void A_session_can_be_disposed_of_twice()
    {
        using var main = File.OpenHandle(Environment.ProcessPath!);
        var request = new SymbolizerRequest(
            0,
            main,
            null,
            null,
            "",
            Environment.ProcessPath!,
            WantSymbols: true,
            [0x1000]
        );
        var session = DwflSession.Open(request, mayDownload: false, out string error);
        Assert.NotNull(session);
        Assert.Empty(error);
        session.Dispose();
        session.Dispose(); // would free the same memory again, which ends the process
        Assert.True(session.IsClosed);
    }
}
