using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hud.Core.Diagnostics;

namespace Hud.Metrics.Http;

/// <summary>Where to listen, as a flag takes it. No name is looked up.</summary>
/// <param name="Address">Null for every address of this machine.</param>
/// <param name="Port">0: one that is free.</param>
public sealed record ListenAddress(IPAddress? Address, int Port)
{
    public const string Forms = "write it like :9464 (every address of this machine), 127.0.0.1:9464 or [::1]:9464";

    /// <returns>Null for what is none.</returns>
    public static ListenAddress? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.LastIndexOf(':');
        if (
            colon < 0
            || !ushort.TryParse(
                text.AsSpan(colon + 1),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out ushort port
            )
        )
            return null;
        string host = text[..colon];
        if (host.Length == 0)
            return new(null, port);
        if (host == "localhost")
            return new(IPAddress.Loopback, port);
        // IPv6 has colons of its own, so it stands in brackets; an IPv4 address has four parts: others are read as numbers
        bool six = host is ['[', .., ']'];
        if (!IPAddress.TryParse(six ? host[1..^1] : host, out var address) || (!six && host.Count(c => c == '.') != 3))
            return null;
        return (address.AddressFamily == AddressFamily.InterNetworkV6) == six ? new(address, port) : null;
    }

    /// <summary>A socket that listens there. Where the address cannot be had, the run has not begun yet.</summary>
    /// <param name="flag">Which says so, for who has to change it.</param>
    /// <exception cref="DiagnosticException">HUD005</exception>
    public Socket Listen(string flag)
    {
        bool both = Address is null && Socket.OSSupportsIPv6;
        var address = Address ?? (both ? IPAddress.IPv6Any : IPAddress.Any);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (both)
                socket.DualMode = true;
            socket.Bind(new IPEndPoint(address, Port));
            socket.Listen();
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new DiagnosticException(Refused(flag, e.SocketErrorCode, e.Message));
        }
    }

    /// <summary>What a person opens, and on which addresses it is.</summary>
    /// <param name="port">The one that was bound.</param>
    public string Url(int port) =>
        Address is null
            ? $"http://localhost:{port}/metrics, on every address of this machine"
            : $"http://{new IPEndPoint(Address, port)}/metrics";

    public override string ToString() => Address is null ? $":{Port}" : new IPEndPoint(Address, Port).ToString();

    private Diagnostic Refused(string flag, SocketError error, string message) =>
        error switch
        {
            SocketError.AddressAlreadyInUse => new(
                DiagnosticKinds.BadUsage,
                $"{flag} {this}: another program listens there",
                $"choose another port, or see who it is: ss -ltnp 'sport = :{Port}'"
            ),
            SocketError.AccessDenied => new(
                DiagnosticKinds.BadUsage,
                $"{flag} {this}: this user may not listen there",
                "choose a port from 1024 up"
            ),
            SocketError.AddressNotAvailable => new(
                DiagnosticKinds.BadUsage,
                $"{flag} {this}: this machine has no such address",
                "ip addr lists those it has; :9464 is all of them"
            ),
            _ => new(DiagnosticKinds.BadUsage, $"{flag} {this}: {message}", Forms),
        };
}
