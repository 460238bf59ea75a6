// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import DLMSSecurity
import MeterTransport

extension PortFault {
    /// What is wrong with the port, and what helps, for people.
    var inWords: String {
        switch self {
        case .notFound: "there is no such device; it may be unplugged"
        case .permissionDenied:
            "the gateway may not open it; add its user to the group that owns the device, usually dialout"
        case .inUse: "another program has it"
        case .notASerialPort: "it is no serial port"
        case .formatRefused(let format): "it does not have \(format.inWords)"
        case .rs485Refused:
            "its driver does not switch the direction of RS485; adapters that do it themselves need no rs485"
        case .failed(let code): "the system says error \(code)"
        }
    }
}

extension ConverterFault {
    /// What is wrong with the converter, and what helps, for people.
    var inWords: String {
        switch self {
        case .notSpoken: "it does not know RFC 2217; a converter without it is a channel of type tcp"
        case .silent: "it does not answer in RFC 2217; a converter without it is a channel of type tcp"
        case .formatRefused(let format): "it does not have \(format.inWords)"
        }
    }
}

extension TLSFault {
    /// Why there is no TLS, and what helps, for people.
    var inWords: String {
        switch self {
        case .fileUnusable(let file): "the file \(file) cannot be read, or is not what it should be"
        case .keyDoesNotFit(let file): "the private key in \(file) does not belong to the certificate"
        case .notSpoken: "it does not speak TLS; without it the channel is of type tcp"
        case .versionRefused: "it has no version of TLS from 1.2 on"
        case .notTrusted(let reason): "its certificate is not trusted (\(reason)); channel.caFile says who is"
        case .outOfDate: "its certificate has expired, or is not valid yet"
        case .wrongName(let expected): "its certificate is not for \(expected); channel.serverName says whose it is"
        case .clientCertificateRefused:
            "it wants another client certificate; channel.clientCertificateFile and channel.clientKeyFile hold ours"
        case .failed(let reason): "TLS failed: \(reason)"
        }
    }
}

extension LineFormat {
    /// Speed and characters as people write them, such as `9600 Bd 8N1`.
    var inWords: String {
        let parity =
            switch parity {
            case .none: "N"
            case .even: "E"
            case .odd: "O"
            }
        return "\(baud) Bd \(dataBits)\(parity)\(stopBits)"
    }
}
