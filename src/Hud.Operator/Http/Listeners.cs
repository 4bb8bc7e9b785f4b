using System.Net;
using System.Net.Sockets;

namespace Hud.Operator.Http;

/// <summary>From an address as the options have it to a listener, which has not begun to listen.</summary>
internal static class Listeners
{
    /// <param name="address">Such as <c>http://*:8080/</c> or <c>http://127.0.0.1:8080/</c>.</param>
    /// <exception cref="ArgumentException">The address names none to listen on.</exception>
    public static TcpListener On(string address)
    {
        var uri = new Uri(address.Replace("//*:", "//[::]:", StringComparison.Ordinal));
        if (!IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip))
            throw new ArgumentException(
                $"{address} names no address to listen on, such as http://*:8080/",
                nameof(address)
            );
        if (!ip.Equals(IPAddress.IPv6Any))
            return new TcpListener(ip, uri.Port);
        return Socket.OSSupportsIPv6 ? TcpListener.Create(uri.Port) : new TcpListener(IPAddress.Any, uri.Port);
    }
}
