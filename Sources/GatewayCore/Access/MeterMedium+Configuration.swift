// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import DLMSSecurity
import Fleet
import MeterTransport

extension MeterMedium {
    /// What a line runs over, from its configuration.
    init(_ path: ChannelConfiguration.Path) {
        switch path {
        case .tcp(let endpoint): self = .tcp(TCPEndpoint(endpoint))
        case .udp(let endpoint): self = .udp(TCPEndpoint(endpoint))
        case .serial(let line): self = .serial(SerialSettings(line))
        case .rfc2217(let endpoint, let format): self = .rfc2217(TCPEndpoint(endpoint), LineFormat(format))
        case .tls(let endpoint, let security): self = .tls(TCPEndpoint(endpoint), TLSSettings(security))
        case .modem(let modem): self = .modem(MeterMedium(modem.port), ModemSettings(modem))
        case .dialIn(let identity): self = .standing(identity: identity)
        }
    }
}

extension MeterMedium {
    /// Where a modem is, from the configuration.
    private init(_ port: ModemLine.Port) {
        switch port {
        case .serial(let line): self = .serial(SerialSettings(line))
        case .tcp(let endpoint): self = .tcp(TCPEndpoint(endpoint))
        }
    }
}

extension ModemSettings {
    /// What a modem is told, from the configuration.
    init(_ modem: ModemLine) {
        self.init(
            dial: modem.dial,
            initialization: modem.initialization,
            commandTimeout: modem.commandTimeout,
            connectTimeout: modem.dialTimeout,
            busyRetries: modem.busyRetries,
            busyPause: modem.busyPause,
            guardTime: modem.guardTime
        )
    }
}

extension TCPEndpoint {
    /// A host with a port, from the configuration.
    init(_ endpoint: NetworkEndpoint) {
        self.init(host: endpoint.host, port: Int(endpoint.port))
    }
}

extension TLSSettings {
    /// Whom to trust and who we are, from the configuration.
    init(_ security: TLSConfiguration) {
        self.init(authorityFile: security.caFile, serverName: security.serverName)
        if let certificate = security.clientCertificateFile, let key = security.clientKeyFile {
            identity = TLSIdentity(certificateFile: certificate, keyFile: key)
        }
    }
}

extension SerialSettings {
    /// A serial port, from the configuration.
    init(_ line: SerialLine) {
        self.init(device: line.device, format: LineFormat(line.format))
        usesRS485 = line.usesRS485
        removesEcho = line.hasEcho
    }
}

extension LineFormat {
    /// Speed and characters, from the configuration.
    init(_ format: SerialFormat) {
        let parity: LineParity =
            switch format.parity {
            case .none: .none
            case .even: .even
            case .odd: .odd
            }
        self.init(baud: format.baud, dataBits: format.dataBits, parity: parity, stopBits: format.stopBits)
    }
}

extension ChannelConfiguration.Path {
    /// Speed and characters of a serial port of this machine; nil where there is none.
    var format: SerialFormat? {
        switch self {
        case .serial(let line): line.format
        case .modem(let modem):
            if case .serial(let line) = modem.port { line.format } else { nil }
        case .tcp, .udp, .tls, .rfc2217, .dialIn: nil
        }
    }
}
