using Hud.NodeAgent.Kernel;
using Hud.Tokio;

namespace Hud.NodeAgent.Tests.Kernel;

public sealed class WakeCookieTests
{
    [Theory]
    [InlineData(4, null, 0UL, 0x4UL)]
    [InlineData(4, null, 0x45210UL, 0x210_0000_0204UL)]
    [InlineData(0, 0x18, 0x45fffUL, 0xfff_0018_0300UL)]
    [InlineData(0, 0x7ff8, 0UL, 0x7ff8_0100UL)]
    public void A_cookie_says_where_the_header_is_and_which_slot_leads_there(
        int register,
        int? offset,
        ulong schedule,
        ulong cookie
    ) => Assert.Equal(cookie, WakeCookie.Of(new WakeSite(0x1000, 0x1000, new HeaderPlace(register, offset), schedule)));
}
