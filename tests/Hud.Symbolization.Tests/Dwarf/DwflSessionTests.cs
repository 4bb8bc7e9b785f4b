namespace Hud.Symbolization.Tests;

public sealed class DwflSessionTests
{
    [Fact]
    public void A_session_can_be_disposed_of_twice()
    {
        var session = DwflSession.Open(Environment.ProcessPath!, Environment.ProcessPath!, "", out string error);
        Assert.NotNull(session);
        Assert.Empty(error);
        session.Dispose();
        session.Dispose(); // would free the same memory again, which ends the process
        Assert.True(session.IsClosed);
    }
}
