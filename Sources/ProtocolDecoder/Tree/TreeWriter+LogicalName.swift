// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    mutating func members(of request: GetRequest) {
        switch request {
        case .normal(_, let attribute):
            begin("get-request-normal", request.invoke)
            descriptor(attribute)
        case .next(_, let blockNumber):
            begin("get-request-next", request.invoke)
            json.member("block_number", blockNumber)
        case .withList(_, let attributes):
            begin("get-request-with-list", request.invoke)
            list("list", attributes) { $0.write($1) }
        }
    }

    mutating func members(of response: GetResponse) {
        switch response {
        case .normal(_, let result):
            begin("get-response-normal", response.invoke)
            json.name("result")
            write(result)
        case .withDataBlock(_, let block):
            begin("get-response-with-datablock", response.invoke)
            self.block(block)
        case .withList(_, let results):
            begin("get-response-with-list", response.invoke)
            list("results", results) { $0.write($1) }
        }
    }

    mutating func members(of request: SetRequest) {
        switch request {
        case .normal(_, let attribute, let value):
            begin("set-request-normal", request.invoke)
            descriptor(attribute)
            data("value", value)
        case .withFirstDataBlock(_, let attribute, let block):
            begin("set-request-with-first-datablock", request.invoke)
            descriptor(attribute)
            self.block(block)
        case .withDataBlock(_, let block):
            begin("set-request-with-datablock", request.invoke)
            self.block(block)
        case .withList(_, let attributes, let values):
            begin("set-request-with-list", request.invoke)
            list("list", attributes) { $0.write($1) }
            data("values", values)
        case .withListAndFirstDataBlock(_, let attributes, let block):
            begin("set-request-with-list-and-first-datablock", request.invoke)
            list("list", attributes) { $0.write($1) }
            self.block(block)
        }
    }

    mutating func members(of response: SetResponse) {
        switch response {
        case .normal(_, let result):
            begin("set-response-normal", response.invoke)
            json.member("result", result.name)
        case .dataBlock(_, let blockNumber):
            begin("set-response-datablock", response.invoke)
            json.member("block_number", blockNumber)
        case .lastDataBlock(_, let result, let blockNumber):
            begin("set-response-last-datablock", response.invoke)
            json.member("result", result.name)
            json.member("block_number", blockNumber)
        case .lastDataBlockWithList(_, let results, let blockNumber):
            begin("set-response-last-datablock-with-list", response.invoke)
            json.member("results", results.map(\.name))
            json.member("block_number", blockNumber)
        case .withList(_, let results):
            begin("set-response-with-list", response.invoke)
            json.member("results", results.map(\.name))
        }
    }

    mutating func members(of request: ActionRequest) {
        switch request {
        case .normal(_, let method, let parameter):
            begin("action-request-normal", request.invoke)
            descriptor(method)
            if let parameter { data("parameters", parameter) }
        case .nextBlock(_, let blockNumber):
            begin("action-request-next-pblock", request.invoke)
            json.member("block_number", blockNumber)
        case .withList(_, let methods, let parameters):
            begin("action-request-with-list", request.invoke)
            list("list", methods) { $0.write($1) }
            data("parameters", parameters)
        case .withFirstBlock(_, let method, let block):
            begin("action-request-with-first-pblock", request.invoke)
            descriptor(method)
            self.block(block)
        case .withListAndFirstBlock(_, let methods, let block):
            begin("action-request-with-list-and-first-pblock", request.invoke)
            list("list", methods) { $0.write($1) }
            self.block(block)
        case .withBlock(_, let block):
            begin("action-request-with-pblock", request.invoke)
            self.block(block)
        }
    }

    mutating func members(of response: ActionResponse) {
        switch response {
        case .normal(_, let result, let returnParameters):
            begin("action-response-normal", response.invoke)
            members(of: ActionResponse.Item(result: result, returnParameters: returnParameters))
        case .withBlock(_, let block):
            begin("action-response-with-pblock", response.invoke)
            self.block(block)
        case .withList(_, let items):
            begin("action-response-with-list", response.invoke)
            list("results", items) { tree, item in tree.object { $0.members(of: item) } }
        case .nextBlock(_, let blockNumber):
            begin("action-response-next-pblock", response.invoke)
            json.member("block_number", blockNumber)
        }
    }

    mutating func members(of notification: EventNotification) {
        apdu("event-notification-request")
        optionalOctets("time", notification.time?.octets)
        descriptor(AttributeRequest(notification.descriptor))
        data("value", notification.value)
    }

    private mutating func members(of item: ActionResponse.Item) {
        json.member("result", item.result.name)
        guard let returnParameters = item.returnParameters else { return }
        json.name("return_parameters")
        write(returnParameters)
    }

    private mutating func begin(_ name: String, _ value: InvokeIDAndPriority) {
        apdu(name)
        invoke(value)
    }
}
