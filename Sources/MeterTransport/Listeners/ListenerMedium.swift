// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
public import DLMSSecurity

/// Where simulated meters can be reached.
public enum ListenerMedium: Hashable, Sendable {
    /// A TCP port at an address; 0 = any free port.
    case tcp(host: String, port: Int)
    /// A UDP port at an address; 0 = any free port.
    case udp(host: String, port: Int)
    /// A TCP port at an address, with TLS; 0 = any free port.
    ///
    /// Clients have to show a certificate of these authorities, if there are any.
    case tls(host: String, port: Int, identity: TLSIdentity, clientAuthorityFile: String?)
    /// A pseudoterminal that is made for it, with a symbolic link at this path; nil = without a link.
    ///
    /// A link at the path that leads to a pseudoterminal, or nowhere, is replaced.
    case pseudoterminal(link: String?)
    /// A serial port of this machine.
    case serial(SerialSettings)
}

extension MeterListener {
    /// A meter that can be reached where a listener listens.
    public struct Meter: Sendable {
        /// What it serves.
        public var objects: any ObjectServer
        /// How it behaves.
        public var options: Options

        /// Pairs objects and behaviour.
        public init(_ objects: any ObjectServer, _ options: Options = Options()) {
            self.objects = objects
            self.options = options
        }
    }
}
