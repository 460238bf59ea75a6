// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One of the parts into which gateways over one database divide the lines to meters.
///
/// All meters behind one line have the same share, and all lines of one group, so that one gateway at a time keeps their
/// limits. Besides these each gateway has a share of its own, for meters that have dialled in to it.
public struct ChannelShare: Hashable, Sendable, Comparable {
    /// Into how many parts the lines are divided.
    public static let count = 1024

    /// The number of the share; those from ``count`` on are gateways' own.
    public let number: Int

    /// Names a share by its number.
    public init(number: Int) {
        self.number = number
    }

    /// The share of a line, which is that of its group if it is in one.
    public init(of path: ChannelConfiguration.Path, in group: ChannelGroupID?) {
        number = Int(Self.stir(group.map { "group:\($0.text)" } ?? path.key) % UInt64(Self.count))
    }

    /// A number drawn from a text, the same on all machines and in all versions.
    static func stir(_ text: String) -> UInt64 {
        // FNV-1a, and a last turn that makes its low bits as good as the others.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in text.utf8 { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        hash = (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93
        return hash ^ hash >> 32
    }

    /// The share of meters that have dialled in to a gateway.
    ///
    /// - Parameter ordinal: the gateway's number, from 0.
    public init(ofCallersAt ordinal: Int) {
        number = Self.count + ordinal
    }

    /// Orders by number.
    public static func < (left: ChannelShare, right: ChannelShare) -> Bool { left.number < right.number }
}

extension ChannelConfiguration.Path {
    /// What identifies the line, such as `tcp:192.0.2.10:4059`: paths that lead to the same place have the same.
    ///
    /// TCP, TLS and RFC 2217 to the same port meet the same listener, and a modem is one whatever number it dials.
    public var key: String {
        switch self {
        case .tcp(let endpoint), .tls(let endpoint, _), .rfc2217(let endpoint, _): "tcp:\(endpoint)"
        case .udp(let endpoint): "udp:\(endpoint)"
        case .serial(let line): "serial:\(line.device)"
        case .modem(let modem):
            switch modem.port {
            case .serial(let line): "serial:\(line.device)"
            case .tcp(let endpoint): "tcp:\(endpoint)"
            }
        case .dialIn(let identity): "dial-in:\(identity)"
        }
    }
}
